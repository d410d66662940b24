use std::collections::HashSet;
use std::thread;

use super::number;

#[test]
fn a_thread_keeps_its_number_and_shares_it_with_none() {
    let numbers = thread::scope(|scope| {
        let threads = [(); 8].map(|()| {
            scope.spawn(|| {
                assert_eq!(number(), number());
                number()
            })
        });
        HashSet::from(threads.map(|thread| thread.join().expect("it only asks")))
    });
    assert_eq!(numbers.len(), 8);
}
