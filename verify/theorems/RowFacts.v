(** What each row keeps. Only this file and [Table.v] look at the rows. *)
From Coq Require Import Lia.
Require Import Promises.

Ltac unfold_terms := unfold open, closed, lease_over, lease_holds, is_due, has_owner, start, set_d, set_r in
  *.

(** One goal for each row; the second, for each row of that event or outcome. *)
Ltac by_rows H := destruct H; unfold_terms; simpl in *.
Ltac by_those_rows H := inversion H; subst; clear H; unfold_terms; simpl in *.

Ltac rest := try solve [ intuition (try congruence; try discriminate; try lia) ].

Definition by_flush (e : event) : Prop := match e with flush _ | flush_under _ => True | _ => False end.

Definition time_of (e : event) : N :=
  match e with
  | arrive now | arrive_under now | arrive_by now _ | try_start now | fire _ now | flush now | flush_under now
    => now
  | _ => 0
  end.

(** A start: when it may be, and what it leaves. *)
Lemma row_start p e w w' : row p e w w' Run ->
  w' = start (time_of e) w /\ (r w = false \/ lease_over (time_of e) p w) /\
  (by_flush e \/ open (time_of e) p w).
Proof. intros H; by_those_rows H; rest. Qed.

(** Anything else leaves [last]. *)
Lemma row_still p e w w' o : row p e w w' o -> o <> Run -> last w' = last w.
Proof. intros H; by_rows H; rest. Qed.

(** It ends a run only by that run's own finish. *)
Lemma row_own_finish p e w w' o : row p e w w' o -> o <> Run ->
  r w' = r w \/ (e = finish (last w) /\ o = Finished /\ r w = true /\ r w' = false).
Proof. intros H; by_rows H; rest. Qed.

Lemma row_finished p e w w' o : row p e w w' o -> o = Finished ->
  e = finish (last w) /\ r w' = false /\ d w' = d w.
Proof. intros H; by_rows H; rest. Qed.

(** What is due ends only by a start or a cancel. *)
Lemma row_due p e w w' o : row p e w w' o -> is_due w ->
  is_due w' \/ o = Run \/ (e = cancel /\ o = Yes).
Proof. intros H; by_rows H; rest. Qed.

(** A deferral with an owner ends only by a start, or by its owner. *)
Definition by_owner (e : event) (x : N) (o : outcome) : Prop :=
  match e, o with
  | fire epoch _, Cancelled => epoch = x
  | abandon epoch, (Owed | Cancelled) => epoch = x
  | _, _ => False
  end.

Lemma row_owned p e w w' o : row p e w w' o -> has_owner w -> has_owner w' \/ o = Run \/ by_owner e (last w)
  o.
Proof. intros H; by_rows H; rest. Qed.

(** A pending run becomes a cancelled one only by a cancel. *)
Lemma row_cancelled p e w w' o : row p e w w' o -> d w' = cancelled -> d w = cancelled \/ (e = cancel /\ o =
  Yes).
Proof. intros H; by_rows H; rest. Qed.

(** An owner that fires in time has a final answer, and so has one that leaves. *)
Lemma row_fired p epoch now w w' o : row p (fire epoch now) w w' o -> epoch = last w -> has_owner w ->
  r w = false -> open now p w -> o = Run \/ o = Cancelled.
Proof. intros H; by_those_rows H; rest. Qed.

(** If it is too early, or a run is in progress, the answer says so, and the run stays pending. *)
Lemma row_early p epoch now w w' o : row p (fire epoch now) w w' o -> o = Early ->
  epoch = last w /\ d w = pending /\ w' = w /\ ~ open now p w.
Proof. intros H; by_those_rows H; rest. Qed.

Lemma row_busy p epoch now w w' o : row p (fire epoch now) w w' o -> o = Busy ->
  epoch = last w /\ d w = pending /\ w' = w /\ r w = true.
Proof. intros H; by_those_rows H; rest. Qed.

Lemma row_left p epoch w w' o : row p (abandon epoch) w w' o -> epoch = last w -> has_owner w ->
  o = Owed \/ o = Cancelled.
Proof. intros H; by_those_rows H; rest. Qed.

(** A call under a lease starts a run once the window is over and nothing keeps it out. *)
Lemma row_arrives p now w w' o : row p (arrive_under now) w w' o -> open now p w ->
  r w = false \/ lease_over now p w -> o = Run.
Proof. unfold lease_over. intros H; by_those_rows H; destruct (lease p); rest. Qed.

(** A call that is covered has made a run due. *)
Lemma row_recorded p e w w' o : row p e w w' o ->
  o = Defer \/ o = Requested \/ o = Coalesced \/ o = Owed -> is_due w'.
Proof. intros H; by_rows H; rest. Qed.

(** A call that can wait leaves nothing owed. *)
Lemma row_adopts p e w w' o : row p e w w' o ->
  match e with
  | arrive _ | arrive_under _ => o = Run \/ has_owner w'
  | arrive_by _ latest => o = Run \/ has_owner w' \/ (o = Closed /\ latest < due p w)
  | request => has_owner w'
  | _ => True
  end.
Proof. intros H; by_rows H; rest. Qed.

(** A guard of an older epoch changes nothing. *)
Lemma row_old p e w w' o : row p e w w' o ->
  match e with
  | fire epoch _ | abandon epoch => epoch <> last w -> w' = w /\ o = Gone
  | finish epoch => epoch <> last w -> w' = w /\ o = Ignored
  | _ => True
  end.
Proof. intros H; by_rows H; rest. Qed.

(** The number of guards of a sort and of this epoch goes with the word. *)
Definition owns (x : N) (g : guard) : bool := match g with Owns e => e =? x | _ => false end.
Definition runs (x : N) (g : guard) : bool := match g with Runs e => e =? x | _ => false end.

Ltac count := repeat match goal with
  | H : _ \/ _ |- _ => destruct H
  | H : ?g = _ |- _ => is_var g; subst g; simpl in *
  | H : ?x = ?x -> _ |- _ => specialize (H eq_refl)
  | H : d ?w = _ |- _ => rewrite H in *
  | H : r ?w = _ |- _ => rewrite H in *
  | H : last ?w <> ?e |- _ => apply N.eqb_neq in H; rewrite N.eqb_sym in H; rewrite H in *
  | |- context [?x =? ?x] => rewrite N.eqb_refl
  | H : context [?x =? ?x] |- _ => rewrite N.eqb_refl in H
  end; simpl in *; try congruence; try lia.

Lemma row_owner p e w w' o g : row p e w w' o -> may_ask e w g -> o <> Run ->
  (owns (last w) g = true -> owned w = true) ->
  N.b2n (owned w') + N.b2n (owns (last w) g) = N.b2n (owned w) + N.b2n (owns (last w) (keeps g o w')).
Proof. intros H; by_those_rows H; unfold owned; simpl; intros; count. Qed.

Lemma row_runner p e w w' o g : row p e w w' o -> may_ask e w g -> o <> Run ->
  (runs (last w) g = true -> r w = true) ->
  N.b2n (r w') + N.b2n (runs (last w) g) = N.b2n (r w) + N.b2n (runs (last w) (keeps g o w')).
Proof. intros H; by_those_rows H; simpl; intros; count. Qed.

(** What a guard can become without a start. *)
Lemma row_guard p e w w' o g : row p e w w' o -> o <> Run ->
  keeps g o w' = Idle \/ keeps g o w' = g \/ keeps g o w' = Owns (last w).
Proof. intros H; by_rows H; rest. Qed.

(** Only an owner that fires is to try again. *)
Lemma row_again p e w w' o g : row p e w w' o -> may_ask e w g -> o = Early \/ o = Busy ->
  g = Idle \/ exists epoch now, e = fire epoch now.
Proof. intros H; by_rows H; intros; eauto; rest. Qed.

(** An owner stays one until its deferral ends. *)
Lemma row_stays p e w w' o : row p e w w' o -> may_ask e w (Owns (last w)) -> has_owner w ->
  keeps (Owns (last w)) o w' = Owns (last w) \/ o = Run \/ by_owner e (last w) o.
Proof. intros H; by_rows H; rest. Qed.

(** A call becomes the owner only where there is none. *)
Lemma row_defers p e w w' o g : row p e w w' o -> may_ask e w g -> o = Defer \/ o = Requested ->
  ~ has_owner w /\ (g = Idle \/ g = Owns (last w)).
Proof. intros H; by_rows H; rest. Qed.

(** A call coalesces only where there is an owner. *)
Lemma row_coalesced p e w w' o : row p e w w' o -> o = Coalesced -> has_owner w /\ d w' = pending.
Proof. intros H; by_rows H; rest. Qed.

(** Some row applies. *)
#[global] Hint Constructors row or eq : rows.
Ltac by_a_row := solve [eauto 4 with rows nocore].
