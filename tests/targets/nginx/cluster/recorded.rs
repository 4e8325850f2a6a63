//! 465 states of clusters that were given to the real controller.

use crate::util::cluster::{RecordedState, aliases, locations, recorded_states, upstreams};

/// The order of the Ingresses, the panic, every upstream with its policy and affinity, and every location are those of the
/// controller. There is no exception.
#[test]
fn every_recorded_state_is_read_as_the_controller_read_it() {
    let states = recorded_states();
    assert_eq!(states.len(), 465);
    for state in &states {
        let RecordedState { id, cluster, processed, panics, .. } = state;
        assert_eq!(serde_json::to_value(cluster.processed()).unwrap(), *processed, "{id}");
        let configuration = cluster.configuration();
        assert_eq!(configuration.is_err(), *panics, "{id}");
        let Ok(configuration) = configuration else { continue };
        assert_eq!(upstreams(&configuration), state.upstreams, "{id}");
        assert_eq!(locations(&configuration.virtual_hosts), state.locations, "{id}");
        assert_eq!(aliases(&configuration.virtual_hosts), state.aliases, "{id}");
    }
}
