//! The lines that the TypeScript collector reads as well.
#![allow(missing_docs, clippy::unwrap_used)]

use infiniservice_protocol::{
    GuestFrame, GuestMessage, MAX_FRAME_BYTES, Metrics, PROTOCOL_VERSION, decode_guest, encode,
};

fn fixture(name: &str) -> Vec<GuestFrame> {
    let path = format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| decode_guest(line.as_bytes()).unwrap()).collect()
}

fn samples(frames: &[GuestFrame]) -> Vec<Metrics> {
    let metrics = |frame: &GuestFrame| match &frame.message {
        GuestMessage::Metrics(metrics) => Some((**metrics).clone()),
        _ => None,
    };
    frames.iter().filter_map(metrics).collect()
}

#[test]
fn both_dialects_decode_to_one_model() {
    for (name, processes) in [("agent-0.1.1.jsonl", 3), ("agent-newer.jsonl", 3), ("agent-own-1.jsonl", 4)] {
        let samples = samples(&fixture(name));
        assert!(samples.len() >= 2, "{name}");
        for sample in samples {
            assert_eq!(sample.data.processes.len(), processes, "{name}");
            assert_eq!((sample.data.processes[0].pid, sample.data.processes[0].cpu_percent), (100, 42.5));
            assert!(sample.data.system.system.uptime_seconds > 0);
        }
    }
}

#[test]
fn a_response_without_type_is_a_response() {
    let frames = fixture("agent-0.1.1.jsonl");
    assert!(frames.iter().any(|f| matches!(&f.message, GuestMessage::Response(r) if r.id == "cmd-1" && r.success)));
}

#[test]
fn our_own_messages_carry_version_boot_and_rising_numbers() {
    let frames = fixture("agent-own-1.jsonl");
    assert!(frames.iter().all(|f| f.v == Some(PROTOCOL_VERSION) && f.boot_id == frames[0].boot_id));
    assert!(frames.windows(2).all(|pair| pair[0].seq < pair[1].seq));
}

#[test]
fn what_is_encoded_decodes_to_the_same() {
    for frame in fixture("agent-own-1.jsonl") {
        let line = encode(&frame).unwrap();
        assert_eq!(line.last(), Some(&b'\n'));
        assert_eq!(decode_guest(&line[..line.len() - 1]).unwrap(), frame);
    }
}

#[test]
fn processes_that_do_not_fit_are_left_out_and_no_character_is_split() {
    let mut frame = fixture("agent-own-1.jsonl").remove(1);
    let GuestMessage::Metrics(metrics) = &mut frame.message else { panic!("the second line is a sample") };
    let mut process = metrics.data.processes[0].clone();
    process.cmd_line = Some("é测".repeat(2000));
    metrics.data.processes = vec![process; 20];
    let line = encode(&frame).unwrap();
    assert!(line.len() <= MAX_FRAME_BYTES);
    let text = std::str::from_utf8(&line).unwrap();
    let kept = samples(&[decode_guest(text.trim_end().as_bytes()).unwrap()]).remove(0).data.processes;
    assert_eq!(kept.len(), 5);
    assert!(kept.iter().all(|p| p.cmd_line.as_deref().is_some_and(|c| c.chars().count() == 4000)));
}
