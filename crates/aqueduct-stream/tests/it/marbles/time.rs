//! Operators of time. A tick is [`TICK`]; what happens in one poll is written in one column.

mod gather;
mod late;
