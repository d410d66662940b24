use std::collections::HashSet;

use super::*;

#[test]
fn one_process_hashes_alike_everywhere() {
    let name: &[u8] = b"a_name_of_some_length";
    assert_eq!(
        Fast::default().hash_one(name),
        Fast::default().hash_one(name)
    );
}

#[test]
fn names_that_differ_in_one_byte_hash_apart() {
    let hash = Fast::default();
    let mut seen = HashSet::new();
    for length in 1..=40 {
        for place in 0..length {
            for byte in b'a'..=b'z' {
                let mut name = vec![b'_'; length];
                name[place] = byte;
                assert!(
                    seen.insert(hash.hash_one(&name[..])),
                    "{length} bytes, {place}: {byte}"
                );
            }
        }
    }
}

/// A table takes its place from the low bits and its seven-bit tag from the high ones.
#[test]
fn both_ends_of_a_hash_are_spread() {
    let hash = Fast::default();
    let (mut low, mut high) = ([0; 128], [0; 128]);
    for number in 0..12_800u64 {
        let name = format!("{number:08}");
        let word = u64::from_le_bytes(name.as_bytes().try_into().expect("eight digits"));
        let value = hash.hash_one([word, 0]);
        low[(value & 127) as usize] += 1;
        high[(value >> 57) as usize] += 1;
    }
    // An even spread puts 100 into each place, give or take 10; 250 would be a pattern.
    assert!(
        low.iter().chain(&high).all(|&count| count < 250),
        "low {low:?}, high {high:?}"
    );
}
