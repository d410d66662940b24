//! A program that depends on this crate alone has actors by the attribute.

mod by_option {
    use aqueduct::actor::{Actor, Cx, messages};

    pub(crate) struct Greeter {
        pub(crate) greeted: usize,
    }

    #[messages(crate = aqueduct::actor)]
    impl Actor for Greeter {
        #[ask]
        async fn greet(
            &mut self,
            name: String,
            cx: &mut Cx<Self>,
        ) -> Result<String, std::fmt::Error> {
            assert!(cx.name().is_none());
            self.greeted += 1;
            Ok(format!("Hello, {name}!"))
        }
    }
}

mod by_use {
    use aqueduct::actor::{Actor, messages};

    pub(crate) struct Echo;

    #[messages]
    impl Actor for Echo {
        #[ask]
        fn say(&self, words: String) -> String {
            words
        }
    }
}

mod by_path {
    pub(crate) struct Parrot;

    #[aqueduct::actor::messages]
    impl aqueduct::actor::Actor for Parrot {
        #[ask]
        fn say(&self, words: String) -> String {
            words
        }
    }
}

#[tokio::test]
async fn the_attribute_needs_no_other_crate() {
    use by_option::GreeterMethods as _;
    use by_path::ParrotMethods as _;
    use by_use::EchoMethods as _;

    let greeter = aqueduct::actor::actor(by_option::Greeter { greeted: 0 }).spawn();
    assert_eq!(
        greeter.greet("Ada".to_owned()).await.unwrap(),
        "Hello, Ada!"
    );
    let parrot = aqueduct::actor::actor(by_path::Parrot).spawn();
    assert_eq!(parrot.say("Ada".to_owned()).await.unwrap(), "Ada");
    let echo = aqueduct::actor::actor(by_use::Echo).spawn();
    assert_eq!(echo.say("Ada".to_owned()).await.unwrap(), "Ada");
}
