//! `planned-eviction`: a full Redis will make room for new reports instead of refusing them, which would lose them.

use crate::deploy_check::checks::{Check, Probe, told};
use crate::deploy_check::files::Files;
use crate::deploy_check::finding::Outcome;

pub(crate) const CHECK: Check = Check {
    id: "planned-eviction",
    expected: "the Redis service is given maxmemory and a maxmemory-policy of allkeys-lru or allkeys-lfu",
    probe: Probe::Files(|files| told(check(files))),
};

fn check(files: &Files) -> Result<Outcome, Outcome> {
    let redis = files.redis()?;
    let memory = redis.server_option("maxmemory").unwrap_or_default();
    // What Redis does when nothing is set.
    let policy = redis.server_option("maxmemory-policy").unwrap_or_else(|| "noeviction".to_owned());
    if memory.is_empty() || memory == "0" {
        let seen = format!("{} has no bound on memory", redis.name);
        return Ok(Outcome::warn(seen, "give it --maxmemory, so that it cannot take the machine's last memory"));
    }
    let seen = format!("{}: maxmemory {memory}, {policy}", redis.name);
    if policy.starts_with("allkeys-l") {
        return Ok(Outcome::pass(seen));
    }
    let seen = match policy.as_str() {
        "allkeys-random" => format!("{seen}: it throws the reports away that everybody asks for"),
        _ => format!("{seen}: once it is full, new reports are lost"),
    };
    Ok(Outcome::fail(seen, "give it --maxmemory-policy allkeys-lru"))
}
