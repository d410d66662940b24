//! The two channels of the pipeline, on Tokio's `mpsc`, under the names of `aqueduct-channel`.

pub(crate) mod mpsc {
    pub(crate) use tokio::sync::mpsc::{Receiver, Sender, channel};
}

pub(crate) mod spmc {
    use std::sync::{Arc, Mutex, PoisonError};

    use tokio::sync::mpsc::{self, error::SendError};

    /// The only sending side.
    pub(crate) struct Sender<T>(mpsc::Sender<T>);

    /// One of many receiving sides; each message goes to exactly one.
    pub(crate) struct Receiver<T>(Arc<Mutex<mpsc::Receiver<T>>>);

    pub(crate) fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Sender(sender), Receiver(Arc::new(Mutex::new(receiver))))
    }

    impl<T> Sender<T> {
        pub(crate) fn blocking_send(&mut self, value: T) -> Result<(), SendError<T>> {
            self.0.blocking_send(value)
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn blocking_recv(&self) -> Option<T> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .blocking_recv()
        }
    }

    impl<T> Clone for Receiver<T> {
        fn clone(&self) -> Self {
            Self(Arc::clone(&self.0))
        }
    }
}
