//! Which processes of a plugin are alive, and their end.
//!
//! Members of its process group, and on Linux whatever carries its mark in its
//! environment: a process that leaves the group keeps the environment it was
//! started with. The mark is the path of the run's private folder, which no
//! other run has.

#[cfg(target_os = "linux")]
pub(crate) use linux::{end_all, living};

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use rustix::process::{
        Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal,
    };

    /// Rounds of looking for processes that start others while they are ended.
    const ROUNDS: usize = 50;

    /// Processes of the group or with the mark that are not dead, the leader aside.
    pub(crate) fn living(leader: Pid, mark: &[u8]) -> Vec<Pid> {
        let Ok(processes) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<i32>().ok();
        processes
            .filter_map(|entry| Pid::from_raw(number(entry.ok()?)?))
            .filter(|pid| *pid != leader && belongs(*pid, leader, mark))
            .collect()
    }

    fn belongs(pid: Pid, leader: Pid, mark: &[u8]) -> bool {
        let folder = format!("/proc/{}", pid.as_raw_pid());
        let Ok(stat) = fs::read(format!("{folder}/stat")) else {
            return false;
        };
        // The name stands in brackets and may hold anything, also brackets.
        let Some(end) = stat.iter().rposition(|byte| *byte == b')') else {
            return false;
        };
        let rest = String::from_utf8_lossy(stat.get(end + 1..).unwrap_or_default()).into_owned();
        let mut fields = rest.split_whitespace();
        let (state, group) = (fields.next(), fields.nth(1));
        if matches!(state, None | Some("Z" | "X")) {
            return false;
        }
        if group.and_then(|group| group.parse().ok()) == Some(leader.as_raw_pid()) {
            return true;
        }
        fs::read(format!("{folder}/environ"))
            .is_ok_and(|environment| memchr::memmem::find(&environment, mark).is_some())
    }

    /// Ends the group, and what carries the mark. The leader must not have been
    /// reaped: until then no other process can have its number.
    pub(crate) fn end_all(leader: Pid, mark: &[u8]) {
        for _ in 0..ROUNDS {
            // Fails only if nobody is left.
            let _ = kill_process_group(leader, Signal::KILL);
            let rest = living(leader, mark);
            if rest.is_empty() {
                return;
            }
            for pid in rest {
                end(pid, leader, mark);
            }
        }
    }

    /// The handle is taken before the second look, so that the signal cannot
    /// reach another process that was given the number in between.
    fn end(pid: Pid, leader: Pid, mark: &[u8]) {
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
            return;
        };
        if belongs(pid, leader, mark) {
            let _ = pidfd_send_signal(handle, Signal::KILL);
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) use other::{end_all, living};

#[cfg(all(unix, not(target_os = "linux")))]
mod other {
    use rustix::process::{Pid, Signal, kill_process_group};

    /// Not known on this system; the group is ended in any case.
    pub(crate) fn living(_leader: Pid, _mark: &[u8]) -> Vec<Pid> {
        Vec::new()
    }

    /// Ends the group. The leader must not have been reaped.
    pub(crate) fn end_all(leader: Pid, _mark: &[u8]) {
        let _ = kill_process_group(leader, Signal::KILL);
    }
}
