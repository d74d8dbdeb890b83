//! The kernel's own failures, stuck CPUs and tasks, lack of memory.

use super::Found;
use crate::kernel::pick::{after, between, cpu, number, word, word_after};
use crate::kernel::{Kind, Part, Severity};

pub(super) fn read(text: &str) -> Option<Found> {
    let text = text.trim_start_matches("watchdog: ");
    let said = |words: &str| text.starts_with(words);
    if said("BUG: soft lockup") {
        let task = task(between(text, "[", "]"));
        let found =
            stuck(Kind::SoftLockup, text).maybe("seconds", between(text, "stuck for ", "s!"));
        return Some(found.maybe("task", task.map(|(name, _)| name)));
    }
    if (said("Watchdog detected") || said("NMI watchdog:")) && text.contains("hard LOCKUP") {
        return Some(stuck(Kind::HardLockup, text));
    }
    if said("CPU#") && text.contains("stuck") {
        return Some(stuck(Kind::SoftLockup, text));
    }
    if said("rcu: ") || said("INFO: rcu_") {
        let stall = text.contains("stall") || text.contains("starved");
        // `{ 14-... }`, `{ P4242 }`: the CPUs that RCU waits for.
        let waits = between(text, "{ ", " }");
        let cpu = waits.and_then(|list| number::<u32>(list).map(|(cpu, _)| cpu));
        let found = Found::new(Kind::RcuStall)
            .part(cpu.map(Part::Cpu))
            .maybe("waits-for", waits);
        return (stall && !text.contains("stall timeout") && !text.contains("RCU_"))
            .then_some(found);
    }
    if said("INFO: task ") && text.contains(" blocked for more than ") {
        let (name, pid) = task(between(text, "INFO: task ", " blocked"))?;
        return Some(
            Found::new(Kind::HungTask)
                .part(Part::Task { name, pid })
                .maybe("seconds", between(text, "more than ", " seconds")),
        );
    }
    if said("Kernel panic") {
        let found = Found::new(Kind::Panic).severity(Severity::Fatal);
        return Some(found.maybe("message", after(text, " - not syncing: ")));
    }
    let oops = [
        "BUG: unable to handle",
        "BUG: kernel NULL",
        "kernel BUG at",
        "general protection fault",
        "Oops: ",
        "Oops:\t",
        "Internal error: ",
        "BUG: Bad page",
        "BUG: scheduling while atomic",
        "double fault",
        "stack segment",
        "Unable to handle kernel",
        "invalid opcode: ",
        "divide error: ",
        "Kernel Offset: disabled bug",
        "BUG: KASAN",
        "list_add corruption",
        "list_del corruption",
        "traps: PANIC",
    ];
    if oops.iter().any(|words| said(words)) {
        return Some(Found::new(Kind::Oops).with("message", text));
    }
    if said("WARNING: CPU: ") {
        let found = Found::new(Kind::KernelWarning).part(cpu(text).map(Part::Cpu));
        return Some(found.maybe("at", word_after(text, " at ")));
    }
    if said("Uhhuh. NMI received") || said("NMI: ") || said("Dazed and confused") {
        let benign = said("NMI: IOCK") || !text.contains("enabled");
        let found = Found::new(Kind::Nmi).part(cpu(text).map(Part::Cpu));
        return benign.then(|| {
            found
                .maybe("reason", word_after(text, "reason "))
                .with("message", text)
        });
    }
    if let Some(rest) = text.strip_prefix("irq ")
        && rest.contains("nobody cared")
    {
        return Some(Found::new(Kind::Interrupt).with("irq", word(rest).trim_end_matches(':')));
    }
    if said("Disabling IRQ #") {
        return Some(Found::new(Kind::Interrupt).maybe("irq", word_after(text, "IRQ #")));
    }
    if said("clocksource: ") && (text.contains("Marking clocksource") || text.contains("skewed")) {
        return Some(
            Found::new(Kind::Clock)
                .part(cpu(text).map(Part::Cpu))
                .with("message", text),
        );
    }
    memory(text)
}

fn memory(text: &str) -> Option<Found> {
    if text.contains("ill")
        && let Some(found) = killed(text)
    {
        return Some(found);
    }
    if text.starts_with("Out of memory") {
        return Some(Found::new(Kind::OutOfMemory).with("message", text));
    }
    // `fio[99]: segfault at 0 ip …`, `traps: fio[99] trap invalid opcode …`.
    let (head, said) = text.split_once(']')?;
    let said = said.trim_start_matches(':').trim_start();
    let faults = ["segfault at ", "trap ", "general protection ", "bad frame"];
    if !faults.iter().any(|words| said.starts_with(words)) {
        return None;
    }
    let (name, pid) = head.trim_start_matches("traps: ").split_once('[')?;
    let part = Part::Task {
        name: name.trim().to_owned(),
        pid: number(pid).map(|(pid, _)| pid),
    };
    let found = Found::new(Kind::ProgramFault).severity(Severity::Info);
    let found = found
        .part(part)
        .maybe("cpu", word_after(text, "likely on CPU "));
    Some(found.with("message", text))
}

fn killed(text: &str) -> Option<Found> {
    let found = Found::new(Kind::OutOfMemory);
    let killed = after(text, "Killed process ").or_else(|| after(text, "Kill process "));
    if let Some(rest) =
        killed.filter(|_| text.contains("ut of memory") || text.starts_with("Killed"))
    {
        let (pid, tail) = number::<u32>(rest)?;
        let name = between(tail, "(", ")").unwrap_or(word(tail.trim_start_matches([',', ' '])));
        let part = Part::Task {
            name: name.to_owned(),
            pid: Some(pid),
        };
        return Some(
            found
                .part(part)
                .maybe("total-vm", word_after(tail, "total-vm:")),
        );
    }
    if let Some((name, rest)) = text.split_once(" invoked oom-killer: ") {
        let part = Part::Task {
            name: name.to_owned(),
            pid: None,
        };
        return Some(found.part(part).with("message", rest));
    }
    if text.starts_with("oom-kill:") {
        return Some(found.with("message", text));
    }
    None
}

fn stuck(kind: Kind, text: &str) -> Found {
    Found::new(kind).part(cpu(text).map(Part::Cpu))
}

/// `kcompactd1:1177`.
fn task(text: Option<&str>) -> Option<(String, Option<u32>)> {
    let (name, pid) = text?.rsplit_once(':')?;
    Some((name.to_owned(), pid.parse().ok()))
}
