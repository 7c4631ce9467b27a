(** Retries change nothing: a compare-and-swap that succeeds is a step of the protocol. *)
From Coq Require Import Arith.
Require Import Promises Invariant.

(** What a thread is about to write, a row of the table allows. *)
Definition sound (x : machine) : Prop := forall t a, attempts x t = Some a -> lost (memory x) t = false ->
  may_ask (for_event a) (seen a) (guards (memory x) t) /\
  row (by_policy a) (for_event a) (seen a) (becomes a) (outcome_of a).

(** A move leaves the guards of the threads that it does not concern, and finds no lost one. *)
Lemma unconcerned s m s' t : step s m s' -> ~ concerns m t ->
  guards s' t = guards s t /\ (lost s' t = false -> lost s t = false).
Proof.
  destruct 1; simpl; intros N; auto.
  - now rewrite update_other.
  - rewrite !update_other; auto.
  - split; [easy|]. destruct (Nat.eq_dec t t0) as [->|D]; [rewrite update_same|rewrite update_other]; easy.
Qed.

Lemma concerns_or_not m t : concerns m t \/ ~ concerns m t.
Proof. destruct m; simpl; auto; destruct (Nat.eq_dec t t0); auto; destruct (Nat.eq_dec t u); tauto. Qed.

Lemma found_lost s m s' t : step s m s' -> lost s' t = false -> lost s t = false.
Proof.
  destruct 1; simpl; auto. destruct (Nat.eq_dec t t0) as [->|D]; [rewrite update_same|rewrite update_other];
    easy.
Qed.

Lemma attempts_are_sound moves x : machine_runs moves x -> sound x.
Proof.
  induction 1 as [|moves x m x' _ IH S]; intros t a; [discriminate|].
  destruct S as [x m s' S _ FREE|x t0 p e w' o FREE L ASK R|x t0 a0 A L W|x t0 a0 A]; cbn [attempts memory
    guards lost].
  - intros A L. pose proof (found_lost _ _ _ _ S L) as L0.
    destruct (concerns_or_not m t) as [C|C]; [rewrite (FREE t C L0) in A; discriminate|].
    destruct (unconcerned _ _ _ _ S C) as [-> _]. auto.
  - destruct (Nat.eq_dec t t0) as [->|D]; [rewrite update_same; intros [= <-]; auto|rewrite update_other;
    auto].
  - destruct (Nat.eq_dec t t0) as [->|D]; [rewrite update_same; discriminate|rewrite !update_other; auto].
  - destruct (Nat.eq_dec t t0) as [->|D]; [rewrite update_same; discriminate|rewrite update_other; auto].
Qed.

Theorem retries : retries_change_nothing.
Proof.
  induction 1 as [|moves x m x' X IH S]; [apply begins|]. eapply goes_on; [exact IH|].
  pose proof (attempts_are_sound _ _ X) as SOUND.
  destruct S as [x m s' S _ _|x t p e w' o FREE L ASK R|x t a A L W|x t a A]; cbn [memory].
  - exact S.
  - apply pass.
  - destruct (SOUND t a A L) as [ASK R]. rewrite <- W in *. apply one_row; auto.
  - apply pass.
Qed.
