//! The agent inside a guest: samples `/proc` and tells its host over a virtio-serial port, for ever.

mod arguments;
mod identity;
mod link;
mod outbox;
mod port;
mod sample;

use std::io::Write;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use arguments::{Arguments, USAGE};
use identity::Identity;
use infiniservice_protocol::{GuestMessage, encode};
use sample::Sampler;

/// The sampling interval of `--once`: long enough for a meaningful difference.
const ONCE_INTERVAL: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("infiniservice: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut identity = Identity::of_this_boot();
    let mut sampler = Sampler::new("/proc", "/sys");
    if arguments.once {
        thread::sleep(ONCE_INTERVAL);
        let frame = identity.frame(GuestMessage::Metrics(Box::new(sampler.sample(0))));
        let written = encode(&frame).map_err(|e| e.to_string());
        return match written.and_then(|line| std::io::stdout().write_all(&line).map_err(|e| e.to_string())) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("infiniservice: {why}");
                ExitCode::FAILURE
            }
        };
    }
    link::serve(&arguments, &mut identity, &mut sampler)
}
