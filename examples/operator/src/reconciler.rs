//! What is done for a release: its policy is put into its target, moved, or taken out, and its status is written.

use canary_policy::error::{Diagnostic, Report};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};

use crate::controller::Context;
use crate::field_manager::MANAGER;
use crate::ingress_target::IngressTarget;
use crate::obstacle::{Failure, Obstacle};
use crate::release::{CanaryRelease, Release};
use crate::route_target::RouteTarget;
use crate::siblings;
use crate::status::Outcome;
use crate::target::{Place, Target};

/// What is done for the releases of a namespace.
pub(crate) struct Reconciler<'c> {
    pub(crate) context: &'c Context,
    pub(crate) namespace: &'c str,
    pub(crate) releases: Api<CanaryRelease>,
}

impl Reconciler<'_> {
    /// Puts the policy of a release into its target.
    pub(crate) async fn apply(&self, object: &CanaryRelease) -> Result<Action, Failure> {
        let again = Ok(Action::requeue(self.context.settings.resync));
        let release = match Release::read(object) {
            Ok(release) => release,
            Err(problems) => {
                self.record(object, &Outcome::Invalid(problems), None).await?;
                return again;
            }
        };
        let wanted = release.place();
        if let Some(first) = siblings::first(&self.context.releases, object) {
            return self.give_way(object, &release, first).await;
        }
        // A status of an older generation does not say whether the policy has been moved since.
        let observed = object.status.as_ref().and_then(|status| status.observed_generation);
        let is_placed = observed == object.meta().generation && place(object).as_ref() == Some(&wanted);
        if !is_placed && !self.move_to(object, &wanted).await? {
            return again;
        }
        let outcome = match self.put_in(object, &release).await {
            Ok(losses) => Outcome::Written(losses),
            Err(Failure::Blocked(report)) => Outcome::Blocked(*report),
            Err(failure) => return Err(failure),
        };
        self.record(object, &outcome, Some(wanted)).await?;
        again
    }

    /// Leaves the stable Service to another release: takes the policy out, if it is there, and says so.
    async fn give_way(&self, object: &CanaryRelease, release: &Release, first: String) -> Result<Action, Failure> {
        let other = Obstacle::OtherRelease { object: format!("Service {}", release.route.stable()), release: first };
        // The place may be a former one, if the release has moved since.
        let taken = match place(object) {
            Some(place) => self.take_out(object, &place).await,
            None => Ok(()),
        };
        let report = match taken {
            Ok(()) => other.report(),
            Err(Failure::Blocked(report)) => *report,
            Err(failure) => return Err(failure),
        };
        self.record(object, &Outcome::Blocked(report), None).await?;
        // The other release may have no canary Ingress whose removal says that it is gone.
        Ok(Action::requeue(self.context.settings.retry))
    }

    /// Takes the policy out of its former place, and records the new one before anything is written there. Whether it may be
    /// written.
    async fn move_to(&self, object: &CanaryRelease, wanted: &Place) -> Result<bool, Failure> {
        // The object is from a cache, which may not have the place yet.
        let Some(newest) = self.newest(object).await? else { return Ok(false) };
        if newest.meta().generation != object.meta().generation {
            return Ok(false);
        }
        let former = place(&newest);
        if former.as_ref() == Some(wanted) {
            return Ok(true);
        }
        if let Some(former) = former {
            match self.take_out(&newest, &former).await {
                Err(Failure::Blocked(report)) => {
                    self.record(&newest, &Outcome::Blocked(*report), Some(former)).await?;
                    return Ok(false);
                }
                taken => taken?,
            }
        }
        self.record(&newest, &Outcome::Begun, Some(wanted.clone())).await?;
        Ok(true)
    }

    /// Takes the policy of a release that is being deleted out of its target.
    pub(crate) async fn clean_up(&self, object: &CanaryRelease) -> Result<Action, Failure> {
        // The place in the cache may be an older one.
        let newest = self.newest(object).await?;
        let Some((newest, place)) = newest.as_ref().and_then(|newest| Some((newest, place(newest)?))) else {
            return Ok(self.removed());
        };
        match self.take_out(newest, &place).await {
            Ok(()) => Ok(self.removed()),
            Err(Failure::Blocked(report)) => {
                self.record(newest, &Outcome::Blocked((*report).clone()), Some(place)).await?;
                Err(Failure::Blocked(report))
            }
            Err(failure) => Err(failure),
        }
    }

    fn removed(&self) -> Action {
        self.context.metrics.count_reconciliation("removed");
        Action::await_change()
    }

    async fn put_in(&self, object: &CanaryRelease, release: &Release) -> Result<Vec<Report>, Failure> {
        match &release.target {
            Target::Ingress { name } => self.ingress_target().put_in(object, release, name).await,
            Target::HttpRoute { name } => self.route_target().put_in(object, release, name).await,
        }
    }

    async fn take_out(&self, object: &CanaryRelease, place: &Place) -> Result<(), Failure> {
        match place {
            Place::Ingress { name, canary } => self.ingress_target().take_out(object, name, canary).await,
            Place::HttpRoute { name } => self.route_target().take_out(object, name).await,
            Place::Unknown(_) => Err(Obstacle::UnknownField { field: "status.place".to_owned() }.into()),
        }
    }

    fn ingress_target(&self) -> IngressTarget<'_> {
        IngressTarget::new(self.context.client.clone(), self.namespace, &self.context.metrics)
    }

    fn route_target(&self) -> RouteTarget<'_> {
        let Context { client, settings, metrics, events: _, releases: _ } = self.context;
        RouteTarget::new(client.clone(), self.namespace, metrics, &settings.route_params)
    }

    /// The release as it is now, unless it is gone.
    async fn newest(&self, object: &CanaryRelease) -> Result<Option<CanaryRelease>, Failure> {
        let newest = self.releases.get_opt(&object.name_any()).await?;
        Ok(newest.filter(|newest| newest.uid() == object.uid()))
    }

    /// Writes the status, unless it says the same already, and an event if the condition `Ready` changes. Without a place, the
    /// one that is recorded stays.
    async fn record(&self, object: &CanaryRelease, outcome: &Outcome, place: Option<Place>) -> Result<(), Failure> {
        self.context.metrics.count_reconciliation(outcome.label());
        let (generation, now) = (object.meta().generation, Timestamp::now());
        let after = |object: &CanaryRelease| {
            let before = object.status.clone().unwrap_or_default();
            let place = place.clone().or_else(|| before.place.clone());
            let after = before.after(generation, outcome, place, now);
            (after != before).then_some((before, after))
        };
        // The object is from a cache, so a difference is looked at once more.
        let Some(_) = after(object) else { return Ok(()) };
        let Some(newest) = self.newest(object).await? else { return Ok(()) };
        let Some((before, after)) = after(&newest) else { return Ok(()) };

        let (api_version, kind) = (CanaryRelease::api_version(&()), CanaryRelease::kind(&()));
        let configuration = after.configuration(&api_version, &kind, &object.name_any());
        // Nobody else has a say in the status, so it is taken over from whoever wrote it.
        let params = PatchParams::apply(MANAGER).force();
        self.releases.patch_status(&object.name_any(), &params, &Patch::Apply(configuration)).await?;
        self.context.metrics.count_write("status", "apply");
        let ready = after.condition("Ready").filter(|_| *outcome != Outcome::Begun && !before.is_ready_as(&after));
        if let Some(ready) = ready {
            self.context.events.publish(&newest, ready).await;
        }
        Ok(())
    }
}

/// Where the policy of a release is, or may be.
fn place(object: &CanaryRelease) -> Option<Place> {
    object.status.as_ref()?.place.clone()
}
