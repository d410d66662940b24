use std::ptr;

use super::*;

fn link(child: &Arc<Node>) {
    assert!(child.link().is_ok());
}

fn linked(parent: &Arc<Node>) -> Arc<Node> {
    let child = parent.child();
    link(&child);
    child
}

/// A scope that is the last to go in a chain is moved out of its allocation before it takes its parent's lock. Whoever
/// finds it dead in the list meanwhile takes it out, and the allocation may be another child's by then.
#[test]
fn a_child_at_the_address_of_one_that_goes_is_not_taken_for_it() {
    let parent = Node::root();
    let [first, stays, goes] = [(); 3].map(|()| linked(&parent));
    let second = parent.child();
    let address = Arc::as_ptr(&goes);
    let mut goes = Arc::into_inner(goes).unwrap();
    // Takes out the one that goes, too, and moves the other: there is one child now.
    drop(first);
    assert_eq!(parent.counts().0, 1);
    link(&second);
    // All are kept, so that each is elsewhere.
    let mut others: Vec<_> = (0..10_000).map(|_| parent.child()).collect();
    let again = others
        .iter()
        .position(|other| ptr::eq(Arc::as_ptr(other), address));
    // A sanitizer's allocator gives none again so soon.
    let Some(again) = again else {
        return;
    };
    let third = others.swap_remove(again);
    link(&third);
    // As `Drop` does, which then has nothing to do.
    goes.above = None;
    goes.unlink(address, &parent);
    assert_eq!(parent.counts().0, 3, "who is linked stays linked");
    drop((goes, stays, second));
    assert_eq!(parent.counts().0, 1);
    drop(third);
    assert_eq!(parent.counts().0, 0);
}
