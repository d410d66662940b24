//! Groups from outside.

mod basics;
