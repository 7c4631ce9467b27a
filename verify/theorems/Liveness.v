(** G5: a deferral ends if its owner fires in time, and runs finish. *)
From Coq Require Import Lia Arith.
Require Import Promises RowFacts Invariant Safety.

(** * G5 *)

Section Fair.
  Variable h : history.
  Hypothesis H : happens h.

  Let w n := the_word (at_time h n).

  Lemma reached n : exists moves, execution moves (at_time h n).
  Proof.
    destruct H as [B S]. induction n as [|n [moves E]]; [easy|]. exists (move_at h n :: moves). eapply
      goes_on; eauto.
  Qed.

  Let settled n m := exists k, (n <= k < m)%nat /\ settles (move_at h k).

  Lemma settled_or_not n k : has_owner (w n) -> settled n (n + k) \/
    (has_owner (w (n + k)) /\ last (w (n + k)) = last (w n) /\ (r (w n) = false -> r (w (n + k)) = false)).
  Proof.
    intros D. induction k as [|k [(j & L & S)|(P & L & R)]].
    - right. rewrite Nat.add_0_r. auto.
    - left. exists j. split; [lia|easy].
    - rewrite Nat.add_succ_r. destruct H as [_ ST]. specialize (ST (n + k)%nat). fold (w (n + k)) in *.
      destruct (step_word _ _ _ ST) as [(t & p & e & o & M & RW)|(WS & _)].
      + destruct (run_or_not o) as [->|NR];
          [left; exists (n + k)%nat; rewrite M; split; [lia|simpl; destruct e; easy]|].
        destruct (row_owned _ _ _ _ _ RW P) as [P'|[->|B]]; [|easy|].
        * right. split; [easy|]. split; [rewrite <- L; apply (row_still _ _ _ _ _ RW NR)|].
          intros R0. specialize (R R0). destruct (row_own_finish _ _ _ _ _ RW NR) as [Q|(_ & _ & Q & _)];
            unfold w in *; congruence.
        * left. exists (n + k)%nat. rewrite M. split; [lia|]. destruct e, o; easy.
      + right. unfold w in *. rewrite WS. auto.
  Qed.

  Hypothesis runners : runs_finish h.

  Lemma settled_since n k : (exists j, (n <= j < k)%nat /\ settles (move_at h j)) ->
    exists j, (n <= j)%nat /\ settles (move_at h j).
  Proof. intros (j & L & S). exists j. split; [lia|easy]. Qed.

  (** Without a run in progress: the owner fires. *)
  Lemma owner_settles n : has_owner (w n) -> r (w n) = false -> owner_fires h (last (w n)) ->
    exists k, (n <= k)%nat /\ settles (move_at h k).
  Proof.
    intros D R owners. destruct (reached n) as [moves E]. destruct (deferral_has_owner _ _ E) as [[A _] _].
    destruct A as (t & G & _); [exact D|]. destruct (owners n t G eq_refl R) as (k & LE & F).
    replace k with (n + (k - n))%nat in * by lia.
    destruct (settled_or_not n (k - n) D) as [S|(P & L & R0)]; [exact (settled_since _ _ S)|].
    specialize (R0 R). exists (n + (k - n))%nat. split; [easy|]. destruct H as [_ ST].
    specialize (ST (n + (k - n))%nat). simpl in F. unfold w in *.
    destruct F as [F|[(u & p & now & w' & o & F & C)|(u & p & w' & o & F)]]; [easy|rewrite F in *..];
      inversion ST; subst.
    - match goal with X : row _ _ _ _ _ |- _ => destruct (row_fired _ _ _ _ _ _ X) as [-> | ->]; auto; easy
      end.
    - match goal with X : row _ _ _ _ _ |- _ => destruct (row_left _ _ _ _ _ X) as [-> | ->]; auto; easy end.
  Qed.

  Lemma finished n e : ends e (move_at h n) -> r (w (S n)) = false.
  Proof.
    intros F. destruct H as [_ ST]. specialize (ST n). unfold w.
    destruct (move_at h n); simpl in F; try easy. destruct (moved _ _ _ _ _ _ _ _ ST) as (_ & <- & _ & R).
    destruct e0; try easy. destruct o; try easy. apply (row_finished _ _ _ _ _ R eq_refl).
  Qed.

  Theorem deferral_settles n : has_owner (w n) -> owner_fires h (last (w n)) ->
    exists k, (n <= k)%nat /\ settles (move_at h k).
  Proof.
    intros D owners. destruct (r (w n)) eqn:R; [|apply owner_settles; auto].
    destruct (reached n) as [moves E]. destruct (run_has_guard _ _ E) as [A _].
    apply A in R as (t & G & _). destruct (runners n t _ G) as (k & LE & F).
    destruct (settled_or_not n (S k - n) D) as [S|(P & L & _)]; [exact (settled_since _ _ S)|].
    replace (n + (S k - n))%nat with (S k) in * by lia.
    destruct (owner_settles (S k)) as (j & LE' & S); auto.
    - apply finished with (1 := F).
    - rewrite L. exact owners.
    - exists j. split; [lia|easy].
  Qed.
End Fair.

Theorem fair_executions_settle : G5.
Proof. intros h n B R O D. apply deferral_settles; auto. Qed.

(** With leases: the first arrival after the window and the lease starts a run, unless there is one before. *)
Section Leased.
  Variable h : history.
  Hypothesis H : happens h.

  Let w n := the_word (at_time h n).

  Lemma started_or_not n k : (exists j, (n <= j < n + k)%nat /\ settles (move_at h j)) \/ last (w (n + k)) =
    last (w n).
  Proof.
    induction k as [|k [(j & L & S)|L]].
    - right. now rewrite Nat.add_0_r.
    - left. exists j. split; [lia|easy].
    - rewrite Nat.add_succ_r. destruct H as [_ ST]. specialize (ST (n + k)%nat). fold (w (n + k)) in *.
      destruct (step_word _ _ _ ST) as [(t & p & e & o & M & RW)|(WS & _)].
      + destruct (run_or_not o) as [->|NR].
        * left. exists (n + k)%nat. rewrite M. split; [lia|simpl; destruct e; easy].
        * right. unfold w in *. rewrite <- L. apply (row_still _ _ _ _ _ RW NR).
      + right. unfold w in *. rewrite WS. exact L.
  Qed.
End Leased.

Theorem leased_executions_settle : G5_lease.
Proof.
  intros h n b B A _. pose (e := last (the_word (at_time h n))).
  destruct (A n (e + b)) as (k & LE & [S|(_ & now & T & M)]); [eauto|].
  destruct (started_or_not h B n (k - n)) as [(j & L & S)|L]; [exists j; split; [lia|easy]|].
  replace (n + (k - n))%nat with k in L by lia. exists k. split; [easy|].
  destruct B as [_ ST]. specialize (ST k). fold e in L.
  destruct (move_at h k) as [t p ev before after o| | | |]; try easy. destruct ev; try easy.
  destruct M as (-> & T' & l & LEASE & LB). destruct (moved _ _ _ _ _ _ _ _ ST) as (-> & _ & _ & R).
  rewrite (row_arrives _ _ _ _ _ R); [easy| |].
  - unfold open, due. rewrite L. destruct (_ || _); lia.
  - right. unfold lease_over. rewrite LEASE, L. lia.
Qed.
