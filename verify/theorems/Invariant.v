(** The invariant of every execution: the word counts the guards of its epoch. *)
From Coq Require Import Lia Arith.
Require Import Promises RowFacts.

(** * Of a kind of guard, one or none *)

Definition counted (b : bool) (P : thread -> bool) : Prop :=
  (b = true <-> exists t, P t = true) /\ forall t u, P t = true -> P u = true -> t = u.

(** One thread moves, and the bit moves with it. *)
Lemma counted_moves b b' P P' t : counted b P -> N.b2n b' + N.b2n (P t) = N.b2n b + N.b2n (P' t) ->
  (forall u, u <> t -> P' u = P u) -> counted b' P'.
Proof.
  intros [E U] S K.
  assert (b = false -> forall u, P u = false).
  { intros -> u. destruct (P u) eqn:Q; [|easy]. assert (false = true) by (apply E; eauto). easy. }
  assert (b = true -> P t = false -> exists u, u <> t /\ P u = true).
  { intros B T. apply E in B. destruct B as [u B]. exists u. split; [congruence|easy]. }
  assert (P t = true -> forall u, u <> t -> P u = false).
  { intros T u D. destruct (P u) eqn:Q; [|easy]. elim D. eauto. }
  split.
  - split.
    + intros ->. destruct (P' t) eqn:T'; [eauto|]. destruct b, (P t) eqn:T; simpl in S; try lia.
      destruct H0 as (u & D & Q); auto. exists u. rewrite K; auto.
    + intros [u Q]. destruct b'; [easy|]. destruct (Nat.eq_dec u t) as [->|D].
      * rewrite Q in S. destruct b, (P t) eqn:T; simpl in S; try lia. now rewrite H in T.
      * rewrite K in Q by easy. destruct b; [|rewrite H in Q; auto].
        destruct (P t) eqn:T; [rewrite H1 in Q; auto|]. destruct (P' t); simpl in S; lia.
  - assert (forall u, P' t = true -> P' u = true -> u = t).
    { intros u T Q. destruct (Nat.eq_dec u t) as [->|D]; [easy|]. rewrite K in Q by easy.
      destruct b; [|rewrite H in Q; easy]. destruct (P t) eqn:T0; [rewrite H1 in Q; easy|].
      rewrite T in S. destruct b'; simpl in S; lia. }
    intros u v Q R. destruct (Nat.eq_dec u t) as [->|D]; [symmetry; auto|].
    destruct (Nat.eq_dec v t) as [->|D']; [auto|]. rewrite K in * by easy. auto.
Qed.

(** A guard changes hands. *)
Lemma counted_hands b P P' t u : counted b P -> P u = false -> P' u = P t ->
  (t <> u -> P' t = false) -> (forall v, v <> t -> v <> u -> P' v = P v) -> counted b P'.
Proof.
  intros [E U] F Gu Gt K. split.
  - rewrite E. split; intros [v Q].
    + destruct (Nat.eq_dec v t) as [->|D]; [exists u; congruence|].
      exists v. rewrite K; congruence.
    + destruct (Nat.eq_dec v u) as [->|D]; [exists t; congruence|].
      destruct (Nat.eq_dec v t) as [->|D']; [rewrite Gt in Q; congruence|]. exists v. rewrite <- K; auto.
  - assert (forall v, P' v = true -> v <> u -> v <> t /\ P v = true).
    { intros v Q D. destruct (Nat.eq_dec v t) as [->|D']; [rewrite Gt in Q; congruence|].
      rewrite <- K; auto. }
    intros v w Q R. destruct (Nat.eq_dec v u) as [->|Dv], (Nat.eq_dec w u) as [->|Dw]; auto.
    + destruct (H w R Dw) as [N1 N2]. elim N1. apply U; congruence.
    + destruct (H v Q Dv) as [N1 N2]. elim N1. apply U; congruence.
    + apply U; apply H; auto.
Qed.

(** * The invariant *)

Definition epoch_of (g : guard) : N := match g with Idle => 0 | Owns e | Runs e => e end.

Record invariant (s : system) : Prop := {
  past : forall t, epoch_of (guards s t) <= last (the_word s);
  one_owner : counted (owned (the_word s)) (fun t => owns (last (the_word s)) (guards s t));
  one_runner : counted (r (the_word s)) (fun t => runs (last (the_word s)) (guards s t));
  finite : exists n, forall t, (n <= t)%nat -> guards s t = Idle /\ lost s t = false;
}.

Lemma update_same {A} (f : thread -> A) t a : update f t a t = a.
Proof. unfold update. now rewrite Nat.eqb_refl. Qed.

Lemma update_other {A} (f : thread -> A) t a u : u <> t -> update f t a u = f u.
Proof. unfold update. intros D. apply Nat.eqb_neq in D. now rewrite D. Qed.

Lemma counted_none P : (forall t, P t = false) -> counted false P.
Proof.
  intros F. split.
  - split; [easy|]. intros [t Q]. rewrite F in Q. easy.
  - intros t u Q. rewrite F in Q. easy.
Qed.

Lemma counted_only P t : P t = true -> (forall u, u <> t -> P u = false) -> counted true P.
Proof.
  intros T F. split; [split; eauto|].
  assert (forall u, P u = true -> u = t).
  { intros u Q. destruct (Nat.eq_dec u t) as [->|D]; [easy|]. rewrite F in Q; easy. }
  intros u v Q R. apply H in Q, R. congruence.
Qed.

Lemma old_guard x g : epoch_of g < x -> owns x g = false /\ runs x g = false.
Proof. destruct g; simpl; intros; split; auto; apply N.eqb_neq; lia. Qed.

Lemma row_last p e w w' o : row p e w w' o -> last w <= last w' /\ (o = Run -> last w < last w').
Proof.
  intros R. assert (o = Run \/ o <> Run) as [->|D] by (destruct o; auto; right; discriminate).
  - destruct (row_start _ _ _ _ R) as (-> & _). unfold start; simpl. lia.
  - rewrite (row_still _ _ _ _ _ R D). split; [lia|congruence].
Qed.

Lemma run_or_not o : o = Run \/ o <> Run.
Proof. destruct o; auto; right; discriminate. Qed.

Lemma invariant_holds moves s : execution moves s -> invariant s.
Proof.
  induction 1 as [|moves s m s' E IH S].
  { split; simpl.
    - intros; lia.
    - apply counted_none; auto.
    - apply counted_none; auto.
    - exists 0%nat; auto. }
  destruct IH as [P O R [n F]], S as [s t p e w' o L G RW|s t L G D|s t u L G|s t|s]; simpl in *.
  - pose proof (row_last _ _ _ _ _ RW) as [GE GT].
    assert (F' : exists n, forall u, (n <= u)%nat ->
      update (guards s) t (keeps (guards s t) o w') u = Idle /\ lost s u = false).
    { exists (Nat.max n (S t)). intros u LE. rewrite update_other by lia. apply F. lia. }
    destruct (run_or_not o) as [->|NR].
    + specialize (GT eq_refl). destruct (row_start _ _ _ _ RW) as (W & _).
      assert (OLD : forall u, u <> t ->
        owns (last w') (update (guards s) t (Runs (last w')) u) = false /\
        runs (last w') (update (guards s) t (Runs (last w')) u) = false).
      { intros u D. rewrite update_other by easy. apply old_guard. specialize (P u). lia. }
      split; simpl; auto.
      * intros u. destruct (Nat.eq_dec u t) as [->|D].
        -- rewrite update_same. simpl. lia.
        -- rewrite update_other by easy. specialize (P u). lia.
      * replace (owned w') with false by (rewrite W; reflexivity). apply counted_none. intros u.
        destruct (Nat.eq_dec u t) as [->|D]; [rewrite update_same; reflexivity|]. apply OLD, D.
      * replace (r w') with true by (rewrite W; reflexivity). apply counted_only with t.
        -- rewrite update_same. simpl. apply N.eqb_refl.
        -- intros u D. apply OLD, D.
    + pose proof (row_still _ _ _ _ _ RW NR) as ST. split; simpl; auto; rewrite ?ST.
      * intros u. destruct (Nat.eq_dec u t) as [->|D]; [|rewrite update_other; auto].
        rewrite update_same. specialize (P t).
        destruct (row_guard _ _ _ _ _ (guards s t) RW NR) as [->|[->| ->]]; simpl; lia.
      * apply counted_moves with (1 := O) (t := t); rewrite ?update_same.
        -- apply row_owner with (1 := RW); auto. intros Q. apply O. exists t. apply Q.
        -- intros u D. rewrite update_other; auto.
      * apply counted_moves with (1 := R) (t := t); rewrite ?update_same.
        -- apply row_runner with (1 := RW); auto. intros Q. apply R. exists t. apply Q.
        -- intros u D. rewrite update_other; auto.
  - split; eauto.
  - assert (U : forall f, f Idle = false -> forall v,
      (fun v => f (guards s v)) u = false /\
      f (update (update (guards s) u (guards s t)) t Idle u) = f (guards s t) /\
      (t <> u -> f (update (update (guards s) u (guards s t)) t Idle t) = false) /\
      (v <> t -> v <> u -> f (update (update (guards s) u (guards s t)) t Idle v) = f (guards s v))).
    { intros f FI v. rewrite G. repeat split; auto.
      - destruct (Nat.eq_dec u t) as [->|D]; [rewrite update_same, G; easy|].
        now rewrite update_other, update_same.
      - intros _. now rewrite update_same.
      - intros D D'. now rewrite !update_other. }
    split; simpl.
    + intros v. destruct (Nat.eq_dec v t) as [->|D]; [rewrite update_same; simpl; lia|].
      rewrite update_other by easy.
      destruct (Nat.eq_dec v u) as [->|D']; [rewrite update_same; auto|rewrite update_other; auto].
    + apply counted_hands with (1 := O) (t := t) (u := u); intros; apply (U (owns _)); auto.
    + apply counted_hands with (1 := R) (t := t) (u := u); intros; apply (U (runs _)); auto.
    + exists (Nat.max n (Nat.max (S t) (S u))). intros v LE. rewrite !update_other by lia. apply F. lia.
  - split; simpl; auto. exists (Nat.max n (S t)). intros v LE. rewrite update_other by lia. apply F. lia.
  - split; eauto.
Qed.
