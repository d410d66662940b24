//! A message that is too large is named, and what to do about it is said.

use aqueduct_actor::{Actor, messages};

struct Drawing;

#[messages]
impl Actor for Drawing {
    #[tell]
    fn point(&mut self, x: u32, y: u32) {
        let _ = x + y;
    }

    #[tell]
    fn picture(&mut self, pixels: [u8; 256]) {
        let _ = pixels;
    }

    #[ask]
    fn sum(&mut self, #[boxed] pixels: [u8; 256]) -> u64 {
        pixels.iter().map(|pixel| u64::from(*pixel)).sum()
    }
}

fn main() {}
