//! `planned-eviction`: a full Redis will evict old reports instead of refusing to store new ones.

use crate::deploy_check::checks::check::{Check, Probe, finished};
use crate::deploy_check::files::{Files, Service};
use crate::deploy_check::finding::CheckOutcome;

pub(crate) const CHECK: Check = Check {
    id: "planned-eviction",
    expected: "the Redis service has maxmemory, a policy of allkeys-lru or allkeys-lfu, and a container with room for both",
    probe: Probe::Files(|files| finished(check(files))),
};

/// Redis needs one part in this many of `maxmemory` in addition: for buffers, connections and fragmentation.
const ROOM: u64 = 4;

/// Reads a size as compose and Redis write it (`64mb`, `128m`, `1073741824`), in bytes.
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
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit))
}

fn check(files: &Files) -> Result<CheckOutcome, CheckOutcome> {
    // Which policy is right is known of the store alone: a queue would lose jobs by what a cache needs.
    let redis = files.redis()?;
    if let Some(queue) = queue_beside(files, redis) {
        let seen = format!("{} may hold jobs of {queue}, which must not be evicted", redis.name);
        return Err(CheckOutcome::skip(seen, "give the store a Redis of its own"));
    }
    let memory = redis.server_option("maxmemory").unwrap_or_default();
    // The default of Redis.
    let policy = redis.server_option("maxmemory-policy").unwrap_or_else(|| "noeviction".to_owned());
    if memory.is_empty() || memory == "0" {
        let seen = format!("{} has no limit on memory", redis.name);
        return Ok(CheckOutcome::warn(seen, "give it --maxmemory, so that it cannot use up the machine's memory"));
    }
    let limit = &redis.memory_limit;
    if let (Some(room), Some(wanted)) = (bytes(limit), bytes(&memory))
        && room < wanted.saturating_add(wanted / ROOM)
    {
        let seen = format!("{}: maxmemory {memory}, and the container has {limit}", redis.name);
        return Ok(CheckOutcome::fail(
            seen,
            "give the container a quarter more, otherwise the kernel kills Redis before it is full",
        ));
    }
    let seen = format!("{}: maxmemory {memory}, {policy}", redis.name);
    if policy.starts_with("allkeys-l") {
        return Ok(CheckOutcome::pass(seen));
    }
    let seen = match policy.as_str() {
        "allkeys-random" => format!("{seen}: it also evicts the reports that are asked for most"),
        _ => format!("{seen}: once it is full, new reports are not cached"),
    };
    Ok(CheckOutcome::fail(seen, "give it --maxmemory-policy allkeys-lru"))
}

/// A service beside the store that keeps jobs in this Redis.
fn queue_beside<'a>(files: &'a Files, redis: &Service) -> Option<&'a str> {
    const QUEUES: [&str; 9] =
        ["celery", "sidekiq", "bullmq", "bull", "rq", "resque", "horizon", "queue:work", "dramatiq"];
    let compose = files.compose().ok()?;
    let uses = |service: &Service| {
        service.environment.values().any(|value| value == &redis.name || value.contains(&format!("{}:", redis.name)))
    };
    let is_queue = |service: &&Service| {
        let words = service.words();
        let named =
            words.iter().any(|word| QUEUES.iter().any(|queue| word == queue || word.ends_with(&format!("/{queue}"))));
        !files.is_instance(service)
            && uses(service)
            && (named || service.environment.keys().any(|name| name.contains("CELERY")))
    };
    compose.services.iter().find(is_queue).map(|service| service.name.as_str())
}
