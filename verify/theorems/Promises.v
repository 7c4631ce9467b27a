(** What is promised. This file has only definitions. [All.v] names the proof of each.

    How to read it. [A -> B] is "if A then B", [/\] is "and", [\/] is "or", [~] is "not". A definition
    [G : Prop] gives the name [G] to a statement. [Exists P moves] is "some move of the list is so",
    [Forall P moves] "each is so".

    In a list of moves the latest stands first: in [newer ++ y :: between ++ x :: older], [x] came before
    [y]. *)
Require Export Protocol Waiting Retries.

(** * Words *)

(** The stamp of the run that a move starts. *)
Definition starts (m : move) : option N :=
  match m with Moved _ _ _ _ after Run => Some (last after) | _ => None end.

(** The move finishes the run of this stamp. *)
Definition ends (x : N) (m : move) : Prop :=
  match m with Moved _ _ (finish epoch) _ _ Finished => epoch = x | _ => False end.

Definition cancels (m : move) : Prop :=
  match m with Moved _ _ cancel _ _ Yes => True | _ => False end.

Definition flushes (m : move) : Prop :=
  match m with Moved _ _ (flush _) _ _ _ | Moved _ _ (flush_under _) _ _ _ => True | _ => False end.

(** The answer says that a run is due for the call, and in which epoch. *)
Definition says_covered (m : move) : option N :=
  match m with
  | Moved _ _ _ _ after (Defer | Requested | Coalesced | Owed) => Some (last after)
  | Coalesces _ seen => Some (last seen)
  | _ => None
  end.

Definition threshold_of (m : move) : N := match m with Moved _ p _ _ _ _ => threshold p | _ => 0 end.

(** The decision was by a lease of [l] or more, or by none. *)
Definition lease_at_least (l : N) (m : move) : Prop :=
  match m with Moved _ p _ _ _ _ => match lease p with Some l' => l <= l' | None => True end | _ => True end.

Definition no_lease (m : move) : Prop := forall l, lease_at_least l m.
Definition no_loss (m : move) : Prop := match m with Loses _ => False | _ => True end.

Definition is_due (w : word) : Prop := d w = pending \/ d w = owed.
Definition has_owner (w : word) : Prop := d w = pending \/ d w = cancelled.

Definition exactly_one {A} (P : A -> Prop) : Prop := exists a, P a /\ forall b, P b -> b = a.

(** * The table *)

(** In each state there is a row for each event, and all that apply say the same. *)
Definition table_total : Prop := forall p e w, exists w' o, row p e w w' o.
Definition table_deterministic : Prop :=
  forall p e w w1 o1 w2 o2, row p e w w1 o1 -> row p e w w2 o2 -> w1 = w2 /\ o1 = o2.

(** * G1 spacing *)

(** A run has a greater stamp than each one before it. Unless it is flushed, it is later by the threshold, as
    the decision to start it read it. *)
Definition G1 : Prop := forall newer y between x older s stamp_x stamp_y,
  execution (newer ++ y :: between ++ x :: older) s -> starts x = Some stamp_x -> starts y = Some stamp_y ->
  stamp_x < stamp_y /\ (~ flushes y -> stamp_x + threshold_of y <= stamp_y).

(** * G2 exclusion *)

(** Before a run starts, each older one has finished, by its own guard. *)
Definition G2 : Prop := forall newer y between x older s stamp_x stamp_y,
  execution (newer ++ y :: between ++ x :: older) s -> starts x = Some stamp_x -> starts y = Some stamp_y ->
  Forall no_lease (y :: between) ->
  Exists (ends stamp_x) between.

(** With leases: or its stamp is a lease later. *)
Definition G2_lease : Prop := forall newer y between x older s stamp_x stamp_y l,
  execution (newer ++ y :: between ++ x :: older) s -> starts x = Some stamp_x -> starts y = Some stamp_y ->
  Forall (lease_at_least l) (y :: between) ->
  Exists (ends stamp_x) between \/ stamp_x + l <= stamp_y.

(** [r = 1] exactly when one [Run] guard lives. *)
Definition G2_guard : Prop := forall moves s,
  execution moves s -> Forall no_lease moves -> Forall no_loss moves ->
  (r (the_word s) = true <-> exactly_one (fun t => exists e, guards s t = Runs e /\ lost s t = false)) /\
  (r (the_word s) = false -> forall t e, guards s t <> Runs e).

(** With leases and losses: exactly when one of this epoch lives, or is lost. *)
Definition G2_guard_lease : Prop := forall moves s, execution moves s ->
  (r (the_word s) = true <-> exactly_one (fun t => guards s t = Runs (last (the_word s)))) /\
  (r (the_word s) = false -> forall t, guards s t <> Runs (last (the_word s))).

(** * G3 coverage *)

(** A call with such an answer is covered by a run that started after it, and in a later epoch; or somebody
    has cancelled; or its run is due. *)
Definition G3 : Prop := forall newer m older s epoch,
  execution (newer ++ m :: older) s -> says_covered m = Some epoch ->
  Exists (fun m' => exists stamp, starts m' = Some stamp /\ epoch < stamp) newer \/
  Exists cancels newer \/
  is_due (the_word s).

(** A call that can wait leaves nothing owed: it runs, or there is an owner after it. Only [arrive_by] may
    refuse, and only where the window ends after its limit. *)
Definition calls_adopt : Prop := forall s t p e before after o s',
  step s (Moved t p e before after o) s' ->
  match e with
  | arrive _ | arrive_under _ => o = Run \/ has_owner after
  | arrive_by _ latest => o = Run \/ has_owner after \/ (o = Closed /\ latest < due p before)
  | request => has_owner after
  | _ => True
  end.

(** * G4 one deferral *)

(** A run is pending or cancelled exactly when one owner holds a deferral of this epoch. It may be one that is
    lost. *)
Definition G4 : Prop := forall moves s, execution moves s ->
  (has_owner (the_word s) <-> exactly_one (fun t => guards s t = Owns (last (the_word s)))) /\
  (~ has_owner (the_word s) -> forall t, guards s t <> Owns (last (the_word s))).

Definition G4_living : Prop := forall moves s, execution moves s -> Forall no_loss moves ->
  (has_owner (the_word s) <->
   exactly_one (fun t => guards s t = Owns (last (the_word s)) /\ lost s t = false)).

(** A call coalesces only where there is an owner, also on the fast path. *)
Definition coalesced_into_owned : Prop := forall s m s', step s m s' ->
  match m with Moved _ _ _ _ _ Coalesced | Coalesces _ _ => True | _ => False end -> has_owner (the_word s).

(** A guard of an older epoch changes nothing and starts nothing. *)
Definition old_guards_are_inert : Prop := forall s t p e before after o s',
  step s (Moved t p e before after o) s' ->
  match e with
  | fire epoch _ | abandon epoch => epoch <> last before -> after = before /\ o = Gone
  | finish epoch => epoch <> last before -> after = before /\ o = Ignored
  | _ => True
  end.

(** * G5 liveness: nothing is stuck *)

(** Once the window is over and no run is in progress, the owner of a pending run starts it when it fires. *)
Definition owner_starts : Prop := forall moves s now p t, execution moves s ->
  d (the_word s) = pending -> r (the_word s) = false -> open now p (the_word s) ->
  guards s t = Owns (last (the_word s)) -> lost s t = false ->
  exists w' s', step s (Moved t p (fire (last (the_word s)) now) (the_word s) w' Run) s'.

(** A call that arrives then starts it, no matter what became of its owner. *)
Definition arrival_starts : Prop := forall moves s now p, execution moves s ->
  r (the_word s) = false -> open now p (the_word s) ->
  exists t w' s', step s (Moved t p (arrive now) (the_word s) w' Run) s'.

(** A run in progress whose guard is not lost can finish, and leaves what is due as it is. *)
Definition run_finishes : Prop := forall moves s, execution moves s -> r (the_word s) = true ->
  exists t, guards s t = Runs (last (the_word s)) /\
    (lost s t = false -> forall p, exists w' s',
     step s (Moved t p (finish (last (the_word s))) (the_word s) w' Finished) s' /\
     r w' = false /\ d w' = d (the_word s) /\ last w' = last (the_word s)).

(** If it is lost, a call that arrives after its lease and its window starts another. *)
Definition arrival_supersedes : Prop := forall moves s now p, execution moves s ->
  lease_over now p (the_word s) -> open now p (the_word s) ->
  exists t w' s', step s (Moved t p (arrive_under now) (the_word s) w' Run) s'.

(** * G5 liveness: every deferral ends *)

(** A deferral ends by a run, by its owner's acknowledgement of a cancel, or by its owner's leave. *)
Definition settles (m : move) : Prop :=
  match m with
  | Moved _ _ _ _ _ Run => True
  | Moved _ _ (fire _ _ | abandon _) _ _ Cancelled => True
  | Moved _ _ (abandon _) _ _ Owed => True
  | _ => False
  end.

Definition runs_finish (h : history) : Prop := forall n t e,
  guards (at_time h n) t = Runs e -> exists k, (n <= k)%nat /\ ends e (move_at h k).

(** While a deferral of the epoch [e] has not ended and nothing runs, its owner, or the one that it is handed
    to, fires at some later time when the window is over; or it leaves. *)
Definition owner_fires (h : history) (e : N) : Prop := forall n t,
  guards (at_time h n) t = Owns e -> last (the_word (at_time h n)) = e ->
  r (the_word (at_time h n)) = false ->
  exists k, (n <= k)%nat /\ let w := the_word (at_time h k) in
  settles (move_at h k) \/
  (exists u p now w' o, move_at h k = Moved u p (fire e now) w w' o /\ open now p w) \/
  (exists u p w' o, move_at h k = Moved u p (abandon e) w w' o).

(** If runs finish, and the owner fires when it is its turn, then the deferral ends. *)
Definition G5 : Prop := forall h n, happens h -> runs_finish h ->
  has_owner (the_word (at_time h n)) -> owner_fires h (last (the_word (at_time h n))) ->
  exists k, (n <= k)%nat /\ settles (move_at h k).

(** * G5 liveness: owners wake *)

(** Who sleeps has a reason to: it owns a pending run of this epoch, and waits for the end of its window by
    the present threshold, or for the end of the run in progress. *)
Definition sleeps_for_a_reason : Prop := forall c, course c -> forall t e,
  guards (system_of c) t = Owns e ->
  let w := the_word (system_of c) in
  let has_reason := e = last w /\ d w = pending in
  match attention_of c t with
  | Until time => has_reason /\ time = due (mk_policy (set_to c) None) w
  | UntilNotified => has_reason /\ r w = true
  | Awake | Looks _ _ _ => True
  end.

(** An owner that is awake goes on, as long as it is the owner: it reads, and then fires or leaves. *)
Definition threads_go_on (y : story) : Prop := forall n t e,
  guards (system_of (scene_at y n)) t = Owns e ->
  match attention_of (scene_at y n) t with
  | Awake => exists k, (n <= k)%nat /\
      (happening_at y k = Reads t \/ guards (system_of (scene_at y k)) t <> Owns e)
  | Looks _ _ _ => exists k, (n <= k)%nat /\
      ((exists p now before after o, happening_at y k = Does (Moved t p (fire e now) before after o)) \/
       guards (system_of (scene_at y k)) t <> Owns e)
  | Until _ | UntilNotified => True
  end.

(** A timer rings if the clock comes to its time and stays there. *)
Definition timers_ring (y : story) : Prop := forall n t time,
  attention_of (scene_at y n) t = Until time ->
  (exists m, forall k, (m <= k)%nat -> time <= clock (scene_at y k)) ->
  exists k, (n <= k)%nat /\ attention_of (scene_at y k) t <> Until time.

(** The window of epoch [e] is over for good from some time on, whatever the threshold is set to then. *)
Definition window_ends (y : story) (e : N) : Prop := exists m b, forall k, (m <= k)%nat ->
  due (mk_policy (set_to (scene_at y k)) None) (mk_word e none false) <= b /\ b <= clock (scene_at y k).

(** The deferral of epoch [e] changes hands only finitely often. *)
Definition hand_overs_end (y : story) (e : N) : Prop := exists m, forall k t u, (m <= k)%nat ->
  happening_at y k = Does (Hands t u) -> guards (system_of (scene_at y k)) t <> Owns e.

(** So it suffices that threads go on and timers ring: an owner whose turn it is wakes. *)
Definition G5_waking : Prop := forall y n, unfolds y -> runs_finish (history_of y) ->
  threads_go_on y -> timers_ring y ->
  let w := the_word (system_of (scene_at y n)) in
  window_ends y (last w) -> hand_overs_end y (last w) -> has_owner w ->
  exists k, (n <= k)%nat /\ settles (move_of (happening_at y k)).

(** * G5 liveness: with leases *)

Definition arrives_by (b now : N) (m : move) : Prop :=
  match m with
  | Moved _ p (arrive_under at_) _ _ _ =>
      at_ = now /\ threshold p <= b /\ exists l, lease p = Some l /\ l <= b
  | _ => False
  end.

(** Until something settles it, calls go on to arrive, or the owner goes on to look, and their readings grow
    beyond any time. Their thresholds and leases stay below [b]. *)
Definition arrivals_go_on (h : history) (n : nat) (b : N) : Prop := forall m time,
  exists k, (n <= k)%nat /\
  (settles (move_at h k) \/ (m <= k)%nat /\ exists now, time <= now /\ arrives_by b now (move_at h k)).

(** Then what is due or cancelled ends, no matter which threads die or stall. *)
Definition G5_lease : Prop := forall h n b, happens h -> arrivals_go_on h n b ->
  d (the_word (at_time h n)) <> none ->
  exists k, (n <= k)%nat /\ settles (move_at h k).

(** * Retries *)

(** Decisions that load first and swap later, with retries, are executions of the protocol: all promises
    hold. *)
Definition retries_change_nothing : Prop := forall moves x,
  machine_runs moves x -> execution moves (memory x).
