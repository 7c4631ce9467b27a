(** G1 to G4: inductions over executions, from what each row keeps. *)
From Coq Require Import Lia Arith.
Require Import Promises RowFacts Invariant.

(** * Executions *)

Lemma earlier newer older s : execution (newer ++ older) s -> exists s', execution older s'.
Proof.
  revert s. induction newer as [|m newer IH]; simpl; intros s E; [eauto|].
  inversion E; subst. eauto.
Qed.

(** What a row was taken from, and to. *)
Lemma moved s t p e before after o s' : step s (Moved t p e before after o) s' ->
  before = the_word s /\ after = the_word s' /\ may_ask e before (guards s t) /\ row p e before after o.
Proof. inversion 1; subst; auto. Qed.

(** The word after a step, and what the step was for it. *)
Lemma step_word s m s' : step s m s' ->
  (exists t p e o, m = Moved t p e (the_word s) (the_word s') o /\ row p e (the_word s) (the_word s') o) \/
  (the_word s' = the_word s /\ starts m = None /\ ~ cancels m /\ ~ settles m).
Proof. destruct 1; simpl; [left; eauto 8|right; auto..]. Qed.

Lemma step_last s m s' : step s m s' -> last (the_word s) <= last (the_word s') /\
  forall x, starts m = Some x -> x = last (the_word s') /\ last (the_word s) < x.
Proof.
  intros S. destruct (step_word _ _ _ S) as [(t & p & e & o & -> & R)|(-> & N & _)].
  - destruct (row_last _ _ _ _ _ R) as [GE GT]. split; [easy|]. intros x. simpl.
    destruct o; try discriminate. intros [= <-]. auto.
  - rewrite N. split; [lia|discriminate].
Qed.

(** No run has a later stamp than the word, and each has one. *)
Lemma stamped newer x older s stamp : execution (newer ++ x :: older) s -> starts x = Some stamp ->
  0 < stamp <= last (the_word s).
Proof.
  intros E X. revert s E. induction newer as [|m newer IH]; simpl; intros s E; inversion E; subst.
  - match goal with S : step _ _ _ |- _ => destruct (step_last _ _ _ S) as [_ L]; specialize (L _ X) end. lia.
  - match goal with S : step _ _ _ |- _ => destruct (step_last _ _ _ S) as [L _] end.
    match goal with S : execution (_ ++ _) _ |- _ => specialize (IH _ S) end. lia.
Qed.

Theorem spacing : G1.
Proof.
  intros newer y between x older s stamp_x stamp_y E X Y.
  destruct (earlier _ _ _ E) as [s' E']. inversion E' as [|moves s0 m s1 E0 S]; subst.
  destruct (stamped _ _ _ _ _ E0 X) as [POS LE]. destruct (step_last _ _ _ S) as [_ L].
  specialize (L _ Y). split; [lia|]. intros NF.
  destruct (step_word _ _ _ S) as [(t & p & e & o & -> & R)|(_ & N & _)]; [|congruence].
  destruct o; try discriminate. destruct (row_start _ _ _ _ R) as (W & _ & [F|O]).
  - elim NF. destruct e; easy.
  - injection Y as <-. rewrite W. unfold open, due, start in *. simpl.
    destruct (last (the_word s0) =? 0) eqn:Z; [apply N.eqb_eq in Z; lia|].
    destruct (threshold p =? 0) eqn:T; simpl in O; [apply N.eqb_eq in T|]; lia.
Qed.

(** A run that has not finished is in progress, or was superseded. *)
Lemma exclusion newer x older s stamp l : execution (newer ++ x :: older) s -> starts x = Some stamp ->
  Forall (lease_at_least l) newer ->
  Exists (ends stamp) newer \/ (last (the_word s) = stamp /\ r (the_word s) = true) \/
  stamp + l <= last (the_word s).
Proof.
  intros E X. revert s E. induction newer as [|m newer IH]; simpl; intros s E F;
    inversion E as [|moves s0 m0 s1 E0 S]; subst.
  - right; left. destruct (step_word _ _ _ S) as [(t & p & e & o & -> & R)|(_ & N & _)]; [|congruence].
    destruct o; try discriminate. destruct (row_start _ _ _ _ R) as (W & _).
    injection X as <-. split; auto. rewrite W. reflexivity.
  - inversion F as [|m0 moves FM FN]; subst. destruct (step_last _ _ _ S) as [LE _].
    destruct (IH _ E0 FN) as [D|[[L R]|D]]; [auto| |right; right; lia].
    destruct (step_word _ _ _ S) as [(t & p & e & o & -> & RW)|(-> & _)]; [|auto].
    destruct (run_or_not o) as [->|NR].
    + right; right. destruct (row_start _ _ _ _ RW) as (W & [Z|O] & _); [congruence|].
      rewrite W. simpl in FM. unfold lease_over in O. unfold start. simpl. destruct (lease p); [lia|easy].
    + rewrite (row_still _ _ _ _ _ RW NR). destruct (row_own_finish _ _ _ _ _ RW NR) as [->|(-> & -> & _)];
      auto.
Qed.

Theorem excluded_or_superseded : G2_lease.
Proof.
  intros newer y between x older s stamp_x stamp_y l E X Y F.
  destruct (earlier _ _ _ E) as [s' E']. inversion E' as [|moves s0 m s1 E0 S]; subst.
  inversion F as [|m0 moves FM FN]; subst. destruct (step_last _ _ _ S) as [_ L]. specialize (L _ Y).
  destruct (exclusion _ _ _ _ _ _ E0 X FN) as [D|[[LX R]|D]]; [auto| |right; lia].
  destruct (step_word _ _ _ S) as [(t & p & e & o & -> & RW)|(_ & N & _)]; [|congruence].
  destruct o; try discriminate. destruct (row_start _ _ _ _ RW) as (W & [Z|O] & _); [congruence|].
  right. simpl in *. unfold lease_over in O. destruct L as [LY _]. rewrite LY, W. unfold start. simpl.
  destruct (lease p); [lia|easy].
Qed.

Theorem excluded : G2.
Proof.
  intros newer y between x older s stamp_x stamp_y E X Y F.
  destruct (excluded_or_superseded newer y between x older s stamp_x stamp_y (stamp_y + 1) E X Y); auto;
    [|lia].
  rewrite Forall_forall in *. intros m M. apply F, M.
Qed.

Lemma recorded s m s' epoch : step s m s' -> says_covered m = Some epoch ->
  is_due (the_word s') /\ epoch = last (the_word s').
Proof.
  intros S T. destruct S as [s t p e w' o L A R|s t L G D|s t u L G|s t|s]; simpl in T; try discriminate.
  - split; [|destruct o; simpl; congruence].
    apply row_recorded with (1 := R). destruct o; auto; discriminate.
  - injection T as <-. split; [unfold is_due; tauto|easy].
Qed.

Theorem covered : G3.
Proof.
  intros newer m older s epoch E T.
  enough (epoch <= last (the_word s) /\
    (Exists (fun m' => exists stamp, starts m' = Some stamp /\ epoch < stamp) newer \/ Exists cancels newer \/
     is_due (the_word s))) by easy.
  revert s E. induction newer as [|m' newer IH]; simpl; intros s E; inversion E as [|moves s0 m0 s1 E0 S];
    subst.
  - destruct (recorded _ _ _ _ S T) as [D ->]. split; [lia|auto].
  - destruct (step_last _ _ _ S) as [LE L]. destruct (IH _ E0) as [LE0 [D|[D|D]]]; (split; [lia|]); auto.
    destruct (step_word _ _ _ S) as [(t & p & e & o & -> & RW)|(-> & _)]; [|auto].
    destruct (row_due _ _ _ _ _ RW D) as [D'|[->|[-> ->]]]; auto.
    + left; left. exists (last (the_word s)). split; [easy|]. specialize (L _ eq_refl). lia.
    + right; left; left. easy.
Qed.

Theorem coalesced : coalesced_into_owned.
Proof.
  intros s m s' S C. destruct S as [s t p e w' o L A R|s t L G D|s t u L G|s t|s]; simpl in C; try easy.
  - destruct o; try easy. apply (row_coalesced _ _ _ _ _ R). easy.
  - unfold has_owner. tauto.
Qed.

Theorem adopted : calls_adopt.
Proof. intros s t p e before after o s' S. inversion S; subst. eapply row_adopts; eauto. Qed.

Theorem old_guards : old_guards_are_inert.
Proof. intros s t p e before after o s' S. inversion S; subst. eapply row_old; eauto. Qed.

(** * Guards *)

Lemma owns_owns x g : owns x g = true <-> g = Owns x.
Proof.
  destruct g; simpl; split; intros H; try discriminate;
    [apply N.eqb_eq in H|injection H as ->; apply N.eqb_eq]; congruence.
Qed.

Lemma runs_runs x g : runs x g = true <-> g = Runs x.
Proof.
  destruct g; simpl; split; intros H; try discriminate;
    [apply N.eqb_eq in H|injection H as ->; apply N.eqb_eq]; congruence.
Qed.

Lemma owned_has_owner w : owned w = true <-> has_owner w.
Proof. unfold owned, has_owner. destruct (d w); intuition congruence. Qed.

Lemma counted_one b P Q : counted b P -> (forall t, P t = true <-> Q t) ->
  (b = true <-> exactly_one Q) /\ (b = false -> forall t, ~ Q t).
Proof.
  intros [E U] PQ. split; [split|].
  - intros B. apply E in B. destruct B as [t B]. exists t. split; [now apply PQ|].
    intros u QU. apply U; [now apply PQ|easy].
  - intros (t & QT & _). apply E. exists t. now apply PQ.
  - intros -> t QT. apply PQ in QT. assert (false = true) by (apply E; eauto). easy.
Qed.

Theorem run_has_guard : G2_guard_lease.
Proof.
  intros moves s E. apply counted_one with (1 := one_runner _ (invariant_holds _ _ E)).
  intros t. apply runs_runs.
Qed.

Theorem deferral_has_owner : G4.
Proof.
  intros moves s E. rewrite <- owned_has_owner.
  destruct (counted_one _ _ (fun t => guards s t = Owns (last (the_word s)))
    (one_owner _ (invariant_holds _ _ E)) (fun t => owns_owns _ _)) as [A B].
  split; [easy|]. intros NO. apply B. destruct (owned (the_word s)); [elim NO; reflexivity|easy].
Qed.

Lemma none_lost moves s : execution moves s -> Forall no_loss moves -> forall t, lost s t = false.
Proof.
  induction 1 as [|moves s m s' E IH S]; simpl; intros F t; auto.
  inversion F; subst. destruct S; simpl in *; auto. easy.
Qed.

Lemma same_one {A} (P Q : A -> Prop) : (forall a, P a <-> Q a) -> exactly_one P <-> exactly_one Q.
Proof.
  intros PQ. split; intros (a & PA & U); exists a; split; try apply PQ; auto; intros b QB; apply U, PQ, QB.
Qed.

Theorem deferral_has_living_owner : G4_living.
Proof.
  intros moves s E F. destruct (deferral_has_owner _ _ E) as [A _]. rewrite A. apply same_one.
  intros t. pose proof (none_lost _ _ E F t). tauto.
Qed.

(** Without a lease no run is superseded, so none of an older epoch lives. *)
Lemma no_old_runner moves s : execution moves s -> Forall no_lease moves -> forall t e,
  guards s t = Runs e -> e = last (the_word s) /\ r (the_word s) = true.
Proof.
  induction 1 as [|moves s m s' E IH S]; simpl; intros F t e G; [discriminate|].
  inversion F as [|m0 ms FM FN]; subst. specialize (IH FN).
  pose proof (invariant_holds _ _ E) as [_ _ [RB RU] _].
  destruct S as [s t0 p e0 w' o L G0 RW|s t0 L G0 D|s t0 u L G0|s t0|s]; simpl in *; eauto.
  - destruct (run_or_not o) as [->|NR].
    + destruct (row_start _ _ _ _ RW) as (W & [R|O] & _).
      * destruct (Nat.eq_dec t t0) as [->|D].
        -- rewrite update_same in G. injection G as <-. split; [easy|]. now rewrite W.
        -- rewrite update_other in G by easy. destruct (IH _ _ G). congruence.
      * unfold lease_over in O. specialize (FM (last (the_word s) + time_of e0 + 1)). simpl in FM.
        destruct (lease p); [lia|easy].
    + pose proof (row_still _ _ _ _ _ RW NR) as ST. rewrite ST.
      assert (OLD : guards s t = Runs e).
      { destruct (Nat.eq_dec t t0) as [->|D]; [|rewrite update_other in G; auto]. rewrite update_same in G.
        destruct (row_guard _ _ _ _ _ (guards s t0) RW NR) as [K|[K|K]]; congruence. }
      destruct (IH _ _ OLD) as [-> R]. split; [easy|].
      destruct (row_own_finish _ _ _ _ _ RW NR) as [->|(-> & -> & _)]; [easy|]. simpl in G0.
      assert (t = t0) as ->. { apply RU; [|rewrite G0]; [rewrite OLD|]; apply runs_runs; easy. }
      rewrite update_same in G. discriminate.
  - destruct (Nat.eq_dec t t0) as [->|D]; [rewrite update_same in G; discriminate|].
    rewrite update_other in G by easy.
    destruct (Nat.eq_dec t u) as [->|D']; [rewrite update_same in G|rewrite update_other in G by easy]; eauto.
Qed.

Theorem run_has_living_guard : G2_guard.
Proof.
  intros moves s E FL FK. destruct (run_has_guard _ _ E) as [A B].
  assert (SAME : forall t, guards s t = Runs (last (the_word s)) <->
    exists e, guards s t = Runs e /\ lost s t = false).
  { intros t. pose proof (none_lost _ _ E FK t). split; [eauto|].
    intros (e & G & _). destruct (no_old_runner _ _ E FL _ _ G) as [-> _]. easy. }
  split.
  - rewrite A. apply same_one, SAME.
  - intros R t e G. destruct (no_old_runner _ _ E FL _ _ G). congruence.
Qed.

(** * Nothing is stuck *)

Lemma somebody_is_free moves s : execution moves s -> exists t, guards s t = Idle /\ lost s t = false.
Proof. intros E. destruct (finite _ (invariant_holds _ _ E)) as [n F]. exists n. apply F. lia. Qed.

Theorem the_owner_starts : owner_starts.
Proof. intros moves s now p t E D R O G L. eexists _, _. apply one_row; [easy|exact G|by_a_row]. Qed.

Theorem an_arrival_starts : arrival_starts.
Proof.
  intros moves s now p E R O. destruct (somebody_is_free _ _ E) as (t & G & L).
  exists t. eexists _, _. apply one_row; [easy|exact G|by_a_row].
Qed.

Theorem a_run_finishes : run_finishes.
Proof.
  intros moves s E R. destruct (run_has_guard _ _ E) as [A _]. apply A in R as R'. destruct R' as (t & G & _).
  exists t. split; [easy|]. intros L p. eexists _, _. split; [apply one_row; [easy|exact G|by_a_row]|]. easy.
Qed.

Theorem an_arrival_supersedes : arrival_supersedes.
Proof.
  intros moves s now p E OV O. destruct (somebody_is_free _ _ E) as (t & G & L). exists t.
  destruct (r (the_word s)) eqn:R; eexists _, _; (apply one_row; [easy|left; exact G|]); by_a_row.
Qed.
