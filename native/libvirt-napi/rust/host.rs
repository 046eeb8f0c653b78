//! The host: its load, memory and CPU models.

use crate::connection::{NativeConnection, number};
use crate::declare::calls;
use crate::number::Count;
use crate::parameters::{TypedParameter, to_javascript};

calls!(host {
    host_cpu_stats, "hostCpuStats", (#[napi(ts_arg_type = "number | null")] cpu: Option<Count>) -> Vec<TypedParameter> =
        move |session| session.host_cpu_stats(cpu.map(|cpu| cpu.0)).map(to_javascript);
    host_memory_stats, "hostMemoryStats", (
        #[napi(ts_arg_type = "number | null")] cell: Option<Count>
    ) -> Vec<TypedParameter> =
        move |session| session.host_memory_stats(cell.map(|cell| cell.0)).map(to_javascript);
    cells_free_memory, "cellsFreeMemory", () -> Vec<f64> =
        move |session| Ok(session.cells_free_memory()?.into_iter().map(number).collect::<Vec<_>>());
    cpu_models, "cpuModels", (arch: String) -> Vec<String> = move |session| session.cpu_models(&arch);
    compare_cpu as "Promise<CpuComparison>", "compareCpu", (xml: String) -> String =
        move |session| session.compare_cpu(&xml).map(str::to_owned);
    baseline_cpu, "baselineCpu", (cpus: Vec<String>) -> String = move |session| session.baseline_cpu(&cpus);
});
