//! Watches a process and its children by the files of the kernel below `/proc` (proc(5)): processor time by thread, memory,
//! file handles, sockets by state.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::observed::{Busiest, Missing, ObservedProcess};
use super::subject::ProcessSubject;
use crate::process::{Handles, tcp_sockets};

/// The most processes of one tree, and threads of all of them, that are watched.
const MOST_PROCESSES: usize = 256;
const MOST_THREADS: usize = 4096;

/// How many of the busiest threads are told.
const TOLD_THREADS: usize = 5;

/// Sockets are counted at every so many looks: their files are the long ones.
const SOCKETS_EVERY: u64 = 5;

/// Watches one process with its children.
#[derive(Debug)]
pub(super) struct ProcessWatch {
    subject: ProcessSubject,
    began: Instant,
    seen: ObservedProcess,
    /// The processor time of each process and thread, in ticks: at the first and at the last look.
    processes: HashMap<u32, Ticks>,
    threads: HashMap<u32, Thread>,
    /// Whether the kernel tells how long threads waited for a processor.
    tells_waits: bool,
    last_look: Option<(Instant, u64)>,
    looks: u64,
    present: HashSet<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Ticks {
    first: u64,
    last: u64,
}

/// A thread: its processor time, and how long it waited for a processor, in nanoseconds.
#[derive(Clone, Debug)]
struct Thread {
    name: String,
    ticks: Ticks,
    waits: Ticks,
}

impl Ticks {
    /// The reading of one that is seen for the first time. One that appears later spent all of it while it was watched.
    fn begun(now: u64, at_first_look: bool) -> Self {
        Self { first: if at_first_look { now } else { 0 }, last: now }
    }

    fn spent(self) -> u64 {
        self.last.saturating_sub(self.first)
    }
}

impl ProcessWatch {
    /// Begins to watch. `Err` says why that is not possible.
    pub(super) fn open(subject: ProcessSubject) -> Result<Self, String> {
        let pid = subject.pid;
        let name = fs::read_to_string(format!("/proc/{pid}/comm"))
            .map_err(|_| format!("there is no process {pid} on this machine"))?;
        let allowed = status_field(pid, "Cpus_allowed_list").map_or(0, |list| processors(&list));
        let seen = ObservedProcess {
            pid,
            name: name.trim().to_owned(),
            role: subject.role,
            processors_allowed: allowed,
            handles_limit: handles_limit(pid),
            ..ObservedProcess::default()
        };
        let mut watch = Self {
            subject,
            began: Instant::now(),
            seen,
            processes: HashMap::new(),
            threads: HashMap::new(),
            tells_waits: false,
            last_look: None,
            looks: 0,
            present: HashSet::new(),
        };
        watch.look();
        Ok(watch)
    }

    /// Looks once.
    pub(super) fn look(&mut self) {
        let before = thread_time();
        let tree = tree(self.subject.pid);
        self.seen.alive = !tree.is_empty();
        let now: HashSet<u32> = tree.iter().copied().collect();
        let children = self.present.iter().filter(|pid| **pid != self.subject.pid);
        self.seen.children_ended += children.filter(|pid| !now.contains(pid)).count() as u64;
        let (mut memory, mut threads) = (0, 0);
        for &pid in &tree {
            memory += status_field(pid, "VmRSS").and_then(|text| kibibytes(&text)).unwrap_or(0);
            threads += self.look_at_threads(pid);
            if let Some((_, ticks)) = stat(&format!("/proc/{pid}/stat")) {
                self.processes.entry(pid).or_insert(Ticks::begun(ticks, self.looks == 0)).last = ticks;
            }
        }
        self.present = now;
        let seen = &mut self.seen;
        seen.most_processes = seen.most_processes.max(tree.len() as u64);
        seen.peak_memory_bytes = seen.peak_memory_bytes.max(memory);
        seen.most_threads = seen.most_threads.max(threads);
        self.peak();
        if self.looks.is_multiple_of(SOCKETS_EVERY) {
            self.look_at_handles(&tree);
        }
        self.looks += 1;
        self.seen.cost.seconds += (thread_time() - before).max(0.0);
        self.seen.cost.queries += 1;
    }

    /// What was seen so far.
    pub(super) fn so_far(&self) -> ObservedProcess {
        let mut seen = self.seen.clone();
        let seconds = self.last_look.map_or(0.0, |(at, _)| (at - self.began).as_secs_f64());
        if seconds > 0.0 {
            let cores = |ticks: u64| ticks as f64 / tick_rate() / seconds;
            seen.cpu_cores = cores(self.spent());
            let waiting = |ticks: Ticks| ticks.spent() as f64 / 1e9 / seconds;
            let mut threads: Vec<_> = self.threads.iter().collect();
            threads.sort_by_key(|(id, thread)| (std::cmp::Reverse(thread.ticks.spent()), **id));
            let told = threads.into_iter().filter(|(_, thread)| thread.ticks.spent() > 0).take(TOLD_THREADS);
            let told = told.map(|(id, thread)| Busiest {
                id: *id,
                name: thread.name.clone(),
                cpu_cores: cores(thread.ticks.spent()),
                waiting_cores: waiting(thread.waits),
            });
            seen.busiest = told.collect();
            seen.waiting_cores =
                self.tells_waits.then(|| self.threads.values().map(|thread| waiting(thread.waits)).sum());
        }
        seen
    }

    fn spent(&self) -> u64 {
        self.processes.values().map(|ticks| ticks.spent()).sum()
    }

    /// Notes the processors of the time since the last look.
    fn peak(&mut self) {
        let (now, spent) = (Instant::now(), self.spent());
        match self.last_look {
            Some((at, _)) if now - at < Duration::from_millis(500) => return,
            Some((at, before)) => {
                let cores = spent.saturating_sub(before) as f64 / tick_rate() / (now - at).as_secs_f64();
                self.seen.peak_cores = self.seen.peak_cores.max(cores);
            }
            None => {}
        }
        self.last_look = Some((now, spent));
    }

    /// Reads the processor time of each thread of a process; gives their number.
    fn look_at_threads(&mut self, pid: u32) -> u64 {
        let mut count = 0;
        for thread in numbers(&format!("/proc/{pid}/task")) {
            count += 1;
            if self.threads.len() >= MOST_THREADS && !self.threads.contains_key(&thread) {
                continue;
            }
            let Some((name, ticks)) = stat(&format!("/proc/{pid}/task/{thread}/stat")) else { continue };
            let waits = waited(&format!("/proc/{pid}/task/{thread}/schedstat"));
            self.tells_waits |= waits.is_some();
            let (waits, first) = (waits.unwrap_or(0), self.looks == 0);
            let new = || Thread { name, ticks: Ticks::begun(ticks, first), waits: Ticks::begun(waits, first) };
            let seen = self.threads.entry(thread).or_insert_with(new);
            (seen.ticks.last, seen.waits.last) = (ticks, waits);
        }
        count
    }

    /// Counts the file handles of the processes, and their sockets by state.
    fn look_at_handles(&mut self, tree: &[u32]) {
        let mut states: BTreeMap<String, u64> = BTreeMap::new();
        for &pid in tree {
            let Ok(handles) = Handles::of(pid) else {
                if self.seen.missing.is_empty() {
                    self.seen.missing.push(Missing {
                        what: "file handles and sockets".to_owned(),
                        why: format!("the files of process {pid} belong to another account"),
                        remedy: "run storemgr as the account of the process, or as root".to_owned(),
                    });
                }
                return;
            };
            self.seen.most_handles = Some(self.seen.most_handles.unwrap_or(0).max(handles.count));
            let sockets = tcp_sockets(pid).into_iter().filter(|socket| handles.sockets.contains(&socket.inode));
            sockets.for_each(|socket| *states.entry(socket.state.to_owned()).or_default() += 1);
        }
        for (state, count) in states {
            let most = self.seen.sockets.entry(state).or_default();
            *most = (*most).max(count);
        }
    }
}

/// The process and its children, theirs and so on; empty if it has ended.
fn tree(root: u32) -> Vec<u32> {
    let mut tree = vec![root];
    let mut at = 0;
    while at < tree.len() && tree.len() < MOST_PROCESSES {
        let pid = tree[at];
        for thread in numbers(&format!("/proc/{pid}/task")) {
            let children = fs::read_to_string(format!("/proc/{pid}/task/{thread}/children")).unwrap_or_default();
            tree.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        at += 1;
    }
    tree.truncate(MOST_PROCESSES);
    tree.retain(|pid| runs(*pid));
    if tree.first() == Some(&root) { tree } else { Vec::new() }
}

/// Whether a process exists and has not ended; one that nobody waited for stays as a zombie.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
}

fn numbers(folder: &str) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The name and the processor time in ticks, user and system, of a process or thread. The name may contain any letter.
fn stat(path: &str) -> Option<(String, u64)> {
    let text = fs::read_to_string(path).ok()?;
    let (before, behind) = text.rsplit_once(") ")?;
    let name = before.split_once('(')?.1.to_owned();
    let mut fields = behind.split_ascii_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    Some((name, fields.next()?? + fields.next()??))
}

/// How long a thread waited for a processor since it began, in nanoseconds (Linux: scheduler/sched-stats.rst).
fn waited(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn status_field(pid: u32, name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    values.map(|value| value.trim().to_owned()).next()
}

fn kibibytes(text: &str) -> Option<u64> {
    Some(text.strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// How many processors a list such as `0-3,6` names.
fn processors(list: &str) -> u64 {
    let ranges = list.split(',').filter_map(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        Some(to.trim().parse::<u64>().ok()?.checked_sub(from.trim().parse().ok()?)? + 1)
    });
    ranges.sum()
}

fn handles_limit(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok())
}

/// The processor time of this thread, in seconds.
fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn tick_rate() -> f64 {
    rustix::param::clock_ticks_per_second().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::observed::Role;
    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        assert_eq!([processors("0-3,6"), processors("1"), processors(""), processors("3-1")], [5, 1, 0, 0]);
    }

    #[test]
    fn this_process_is_seen_with_a_child_that_comes_and_goes() {
        let mut watch = ProcessWatch::open(ProcessSubject { pid: std::process::id(), role: Role::Service }).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        watch.look();
        child.kill().unwrap();
        child.wait().unwrap();
        watch.look();
        let seen = watch.so_far();
        // Other tests of this process have children, too.
        assert!(seen.alive && seen.most_processes >= 2 && seen.children_ended >= 1, "{seen:?}");
        assert!(seen.peak_memory_bytes > 1 << 20 && seen.most_threads >= 1 && seen.processors_allowed >= 1, "{seen:?}");
        assert!(seen.most_handles.is_some_and(|handles| handles > 0) && seen.handles_limit.is_some(), "{seen:?}");
        assert!(seen.cost.seconds > 0.0 && seen.missing.is_empty(), "{seen:?}");
    }

    #[test]
    fn a_process_that_does_not_exist_is_named() {
        let error = ProcessWatch::open(ProcessSubject { pid: u32::MAX, role: Role::Service }).unwrap_err();
        assert_eq!(error, format!("there is no process {} on this machine", u32::MAX));
    }
}
