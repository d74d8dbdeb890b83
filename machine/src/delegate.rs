//! For a machine that stands before another one: a layer such as a recorder.

/// Delegates a layer's `impl Machine` to the machine behind it: all but its pace, and how a session begins.
macro_rules! delegate_machine {
    ($machine:ident) => {
        fn name(&self) -> String {
            self.$machine.name()
        }

        fn time(&self) -> $crate::Time {
            self.$machine.time()
        }

        fn peer(&self) -> Option<$crate::contract::context::NetworkPeer> {
            self.$machine.peer()
        }

        fn parameters(&self, stage: &str) -> Vec<(String, serde_json::Value)> {
            self.$machine.parameters(stage)
        }

        fn terms(&self, stage: &str) -> Option<$crate::Terms> {
            self.$machine.terms(stage)
        }

        fn seed(&self, given: u64) -> Option<u64> {
            self.$machine.seed(given)
        }

        fn capacity(&self) -> (u32, u64) {
            self.$machine.capacity()
        }

        fn identity(&self) -> $crate::Identity {
            self.$machine.identity()
        }

        fn is_live_image(&self) -> bool {
            self.$machine.is_live_image()
        }
    };
}
pub(crate) use delegate_machine;
