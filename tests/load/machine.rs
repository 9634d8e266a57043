//! The machine: what it is, and how busy it is with other things.

use std::fs::read_to_string;
use std::io;
use std::time::Duration;

/// Processor, cores and memory in a few words.
pub fn description() -> String {
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok());
    let gib = kib.unwrap_or(0_u64) / (1024 * 1024);
    format!("{cores} cores of {}, {gib} GiB", model.unwrap_or("an unknown processor"))
}

/// How much of the processors is in use, in percent, while nothing is measured.
pub fn busy(time: Duration) -> io::Result<f64> {
    let before = jiffies()?;
    std::thread::sleep(time);
    let after = jiffies()?;
    let (idle, all) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1).max(1));
    Ok(100.0 - 100.0 * f64::from(idle) / f64::from(all))
}

/// Idle time and all time so far.
fn jiffies() -> io::Result<(u32, u32)> {
    let stat = read_to_string("/proc/stat")?;
    let line = stat.lines().next().unwrap_or_default();
    let times: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|time| time.parse().ok()).collect();
    let idle: u64 = times.iter().skip(3).take(2).sum();
    let narrow = |jiffies: u64| u32::try_from(jiffies).unwrap_or(u32::MAX);
    Ok((narrow(idle), narrow(times.iter().sum())))
}
