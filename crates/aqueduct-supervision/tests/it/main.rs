//! Tests against the public API.

mod auto_traits;
mod basics;
mod calls;
mod drops;
mod events;
mod leaks;
mod many;
mod misuse;
mod nested;
mod panics;
mod regressions;
mod storms;
mod support;
mod times;
mod traced;
mod unresponsive;
mod wakers;
mod watches;
