//! `planned-eviction`: a full Redis will make room for new reports instead of refusing them, which would lose them.

use crate::deploy_check::checks::check::{Check, Probe, told};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "planned-eviction",
    expected: "the Redis service has maxmemory, a policy of allkeys-lru or allkeys-lfu, and a container with room for both",
    probe: Probe::Files(|files| told(check(files))),
};

/// What a Redis takes beside its data: a part of them, for buffers, connections and what is lost between pieces.
const ROOM: u64 = 4;

/// A size as compose and Redis write it: `64mb`, `128m`, `1073741824`.
fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match lower[digits.len()..].trim_end_matches('b') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok().map(|number| number * unit)
}

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    let redis = files.redis()?;
    let memory = redis.server_option("maxmemory").unwrap_or_default();
    // What Redis does when nothing is set.
    let policy = redis.server_option("maxmemory-policy").unwrap_or_else(|| "noeviction".to_owned());
    if memory.is_empty() || memory == "0" {
        let seen = format!("{} has no bound on memory", redis.name);
        return Ok(CheckOutcome::warn(seen, "give it --maxmemory, so that it cannot take the machine's last memory"));
    }
    let limit = &redis.memory_limit;
    if let (Some(room), Some(wanted)) = (bytes(limit), bytes(&memory))
        && room < wanted + wanted / ROOM
    {
        let seen = format!("{}: maxmemory {memory}, and the container has {limit}", redis.name);
        return Ok(CheckOutcome::fail(
            seen,
            "give the container a quarter more, or the kernel kills Redis before it is full",
        ));
    }
    let seen = format!("{}: maxmemory {memory}, {policy}", redis.name);
    if policy.starts_with("allkeys-l") {
        return Ok(CheckOutcome::pass(seen));
    }
    let seen = match policy.as_str() {
        "allkeys-random" => format!("{seen}: it throws the reports away that everybody asks for"),
        _ => format!("{seen}: once it is full, new reports are lost"),
    };
    Ok(CheckOutcome::fail(seen, "give it --maxmemory-policy allkeys-lru"))
}
