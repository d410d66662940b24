use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::Runner;
use crate::harness::{Bench, Effort, Entrant};

fn who(name: &str) -> Entrant {
    Entrant {
        name: name.to_owned(),
        version: "1.0.0",
        ours: false,
        shown_only: None,
    }
}

#[test]
fn rounds_are_interleaved_and_begin_with_another_case_each_time() {
    let order = Rc::new(RefCell::new(String::new()));
    let mut bench = Bench::per_op("order", "");
    for name in ["a", "b", "c"] {
        let order = Rc::clone(&order);
        let round = move |_: &Effort| {
            order.borrow_mut().push_str(name);
            vec![1.0]
        };
        bench.case(who(name), Box::new(round));
    }
    let effort = Effort {
        rounds: 3,
        warm_up: true,
        messages: 1,
    };
    let benches = [bench];
    let outcomes = Runner::new(&benches, effort).run(&benches[0]);

    assert_eq!(*order.borrow(), "abc".to_owned() + "abc" + "bca" + "cab");
    for outcome in outcomes {
        assert_eq!(
            outcome.figures,
            Some(vec![vec![1.0; 3]]),
            "the warm-up is not counted"
        );
    }
}

#[test]
fn a_case_settles_before_each_round_that_counts() {
    let order = Rc::new(RefCell::new(String::new()));
    let mut bench = Bench::per_op("settled", "").settled();
    for name in ["a", "b"] {
        let order = Rc::clone(&order);
        let round = move |_: &Effort| {
            order.borrow_mut().push_str(name);
            vec![order.borrow().len() as f64]
        };
        bench.case(who(name), Box::new(round));
    }
    let effort = Effort {
        rounds: 2,
        warm_up: true,
        messages: 1,
    };
    let benches = [bench];
    let outcomes = Runner::new(&benches, effort).run(&benches[0]);

    assert_eq!(*order.borrow(), "aabb".to_owned() + "bbaa");
    let figures = outcomes.into_iter().map(|outcome| outcome.figures.unwrap());
    let figures = Vec::from_iter(figures.flatten());
    assert_eq!(figures, [vec![2.0, 8.0], vec![4.0, 6.0]]);
}

#[test]
fn a_case_that_panics_leaves_the_others_their_figures() {
    let ran = Rc::new(Cell::new(0));
    let counted = Rc::clone(&ran);
    let mut bench = Bench::per_op("panics", "");
    bench.case(
        who("fails"),
        Box::new(move |_| {
            counted.set(counted.get() + 1);
            assert!(counted.get() < 2, "the second round fails");
            vec![1.0]
        }),
    );
    bench.case(who("works"), Box::new(|_| vec![2.0]));
    let effort = Effort {
        rounds: 4,
        warm_up: false,
        messages: 1,
    };
    let benches = [bench];
    let outcomes = Runner::new(&benches, effort).run(&benches[0]);

    assert_eq!(outcomes[0].figures, None);
    assert_eq!(ran.get(), 2, "it is not run again");
    assert_eq!(outcomes[1].figures, Some(vec![vec![2.0; 4]]));
}
