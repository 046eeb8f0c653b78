//! The command line.

use std::path::PathBuf;
use std::time::Duration;

pub const USAGE: &str = "usage: infiniservice [--port PATH] [--interval SECONDS] [--once]
  --port PATH         device or unix socket of the host's channel (/dev/virtio-ports/org.infinibay.agent)
  --interval SECONDS  time between samples, 1 to 3600 (30)
  --once              print one sample and end";

const DEFAULT_PORT: &str = "/dev/virtio-ports/org.infinibay.agent";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    pub port: PathBuf,
    pub interval: Duration,
    pub once: bool,
}

impl Arguments {
    /// Reads the arguments; `None` when help is asked for.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut parsed = Self { port: DEFAULT_PORT.into(), interval: Duration::from_secs(30), once: false };
        while let Some(argument) = arguments.next() {
            let mut value = |name: &str| arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match argument.as_str() {
                "--port" => parsed.port = value("--port")?.into(),
                "--interval" => parsed.interval = interval(&value("--interval")?)?,
                "--once" => parsed.once = true,
                "--help" | "-h" => return Ok(None),
                other => return Err(format!("unknown argument {other}")),
            }
        }
        Ok(Some(parsed))
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("--interval {text} is not a number of seconds from 1 to 3600")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn defaults_and_values_are_read_and_nonsense_is_refused() {
        assert_eq!(parse("").ok().flatten().map(|a| a.interval.as_secs()), Some(30));
        assert_eq!(
            parse("--interval 2 --once").ok().flatten().map(|a| (a.interval.as_secs(), a.once)),
            Some((2, true))
        );
        for wrong in ["--interval", "--interval 0", "--interval x", "--wrong"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
