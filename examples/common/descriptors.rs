//! File descriptors: each connection takes one, and the system lets a process have few unless it asks for more.

/// What else is open: the runtime's own, listeners, standard streams, and some to spare.
const OTHERS: usize = 64;

/// Asks for as many as the system allows; gives how many connections they are enough for.
pub fn raise() -> usize {
    // More than any system allows, less than what some of them take for a mistake.
    let wanted = u64::from(u32::MAX);
    // What cannot be asked for is not needed: such systems have no limit of this kind.
    let allowed = rlimit::increase_nofile_limit(wanted).unwrap_or(wanted);
    usize::try_from(allowed)
        .unwrap_or(usize::MAX)
        .saturating_sub(OTHERS)
}

/// Asks for enough for so many connections.
///
/// # Errors
///
/// How many there are, and what to do, in words.
pub fn make_room_for(connections: usize) -> Result<(), String> {
    let room = raise();
    if connections <= room {
        return Ok(());
    }
    Err(format!(
        "{connections} connections need more file descriptors than this process may have, which are enough for {room}: \
         raise the limit (ulimit -Hn), or give a lower --connections-max"
    ))
}
