//! 465 states of clusters that were given to the real controller.

use crate::util::cluster::{RecordedState, aliases, corpus, locations, recorded_states, upstreams};

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

/// The manifests that people wrote, given to the real controller with a Service for each name.
#[test]
fn the_corpus_is_read_as_the_controller_read_it() {
    let mut recorded = 0;
    for file in corpus() {
        let Some(processed) = file.processed else { continue };
        assert_eq!(serde_json::to_value(file.cluster.processed()).unwrap(), processed, "{}", file.file);
        // The recordings of the corpus do not say which Ingress has a location, and what has endpoints.
        let recorded_fields = |mut location: serde_json::Value| {
            for field in ["ingress", "stable_exists", "stable_has_endpoints", "canary_has_endpoints"] {
                location.as_object_mut().unwrap().remove(field);
            }
            location
        };
        let found = locations(&file.cluster.virtual_hosts().unwrap()).into_iter().map(recorded_fields);
        let expected = file.locations.into_iter().map(recorded_fields);
        assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{}", file.file);
        recorded += 1;
    }
    assert!(recorded > 50, "{recorded}");
}
