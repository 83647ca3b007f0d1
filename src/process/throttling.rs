//! How long the processes of our control group were kept from the processor because the group had used up its quota.
//!
//! A container with `--cpus 0.5` runs for half of every tenth of a second and stands still for the rest. The group and
//! those above it may each have a quota, so all that can be seen are added up. Version 2 of control groups counts in
//! `cpu.stat` of the group, version 1 in that of its `cpu` hierarchy (Linux: admin-guide/cgroup-v2.rst and
//! scheduler/sched-bwc.rst).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What was counted since the group was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttling {
    /// Periods of the quota, usually of 100 ms, in which it was used up.
    pub periods: u64,
    /// The time of standing still, added up over processors.
    pub time: Duration,
}

impl Throttling {
    /// Reads the current values; `None` where no control group counts them, which is not the same as never.
    pub fn now() -> Option<Self> {
        let read = |file: &str| fs::read_to_string(format!("/proc/self/{file}")).ok();
        let files = stat_files(&read("cgroup")?, &read("mountinfo")?);
        let counted = files.iter().filter_map(|file| Self::parse(&fs::read_to_string(file).ok()?));
        counted.reduce(|sum, next| Self { periods: sum.periods + next.periods, time: sum.time + next.time })
    }

    /// What was counted since an earlier reading.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        let (periods, time) = (self.periods.saturating_sub(earlier.periods), self.time.saturating_sub(earlier.time));
        Self { periods, time }
    }

    fn parse(stat: &str) -> Option<Self> {
        let field = |name: &str| {
            let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse::<u64>().ok();
            stat.lines().find_map(value)
        };
        let micros = || field("throttled_usec").map(Duration::from_micros);
        let time = micros().or_else(|| field("throttled_time").map(Duration::from_nanos))?;
        Some(Self { periods: field("nr_throttled")?, time })
    }
}

/// The files of our group and of those above it as far as they can be seen, from `/proc/self/cgroup` and
/// `/proc/self/mountinfo` (proc_pid_cgroup(5), proc_pid_mountinfo(5)).
fn stat_files(cgroup: &str, mountinfo: &str) -> Vec<PathBuf> {
    let group = |of_version_1: bool| {
        cgroup.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let fits =
                if of_version_1 { controllers.split(',').any(|name| name == "cpu") } else { controllers.is_empty() };
            fits.then_some(path)
        })
    };
    let mounts = mountinfo.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        let kind = after.split(' ').next()?;
        // The options of the hierarchy name its controllers.
        let has_cpu = after.rsplit(' ').next()?.split(',').any(|option| option == "cpu");
        let group = match kind {
            "cgroup" if has_cpu => group(true)?,
            "cgroup2" => group(false)?,
            _ => return None,
        };
        Some(levels(Path::new(place), Path::new(root), Path::new(group)))
    });
    mounts.flatten().collect()
}

/// The file of each group from ours up to the root of the mount. A group outside the mount is seen as its root, as in a
/// container that has a name space of its own.
fn levels(place: &Path, root: &Path, group: &Path) -> Vec<PathBuf> {
    let within = group.strip_prefix(root).unwrap_or(Path::new(""));
    within.ancestors().map(|level| place.join(level).join("cpu.stat")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION_2: &str = "usage_usec 5\nnr_periods 40\nnr_throttled 38\nthrottled_usec 3500000\nnr_bursts 0\n";
    const VERSION_1: &str = "nr_periods 40\nnr_throttled 38\nthrottled_time 3500000000\n";

    #[test]
    fn both_versions_count_the_same_and_a_group_without_a_quota_is_not_known() {
        let expected = Throttling { periods: 38, time: Duration::from_millis(3_500) };
        assert_eq!([VERSION_2, VERSION_1].map(Throttling::parse), [Some(expected); 2]);
        assert_eq!(Throttling::parse("usage_usec 5\nuser_usec 3\n"), None, "the root of version 2 has no quota");
        assert_eq!(expected.since(Throttling { periods: 30, time: Duration::from_secs(3) }).periods, 8);
    }

    fn found(cgroup: &str, mountinfo: &str) -> Vec<String> {
        stat_files(cgroup, mountinfo).iter().map(|file| file.display().to_string()).collect()
    }

    #[test]
    fn the_group_and_all_above_it_are_found() {
        let mount = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
        let expected =
            ["/sys/fs/cgroup/a/b/cpu.stat", "/sys/fs/cgroup/a/cpu.stat", "/sys/fs/cgroup/cpu.stat"].map(str::to_owned);
        assert_eq!(found("0::/a/b\n", mount), expected);
        assert_eq!(found("0::/\n", mount), ["/sys/fs/cgroup/cpu.stat"], "in a container");
    }

    #[test]
    fn version_1_is_found_by_its_controller_whether_the_mount_shows_all_groups_or_one() {
        let cgroup = "4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n0::/\n";
        let mount = "33 31 0:30 /docker/x /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n\
                     34 31 0:31 /docker/x /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset";
        assert_eq!(found(cgroup, mount), ["/sys/fs/cgroup/cpu,cpuacct/cpu.stat"]);
        let all = mount.replace("/docker/x ", "/ ");
        let expected = ["/docker/x", "/docker", ""].map(|group| format!("/sys/fs/cgroup/cpu,cpuacct{group}/cpu.stat"));
        assert_eq!(found(cgroup, &all), expected);
        assert_eq!(found("", ""), Vec::<String>::new());
    }
}
