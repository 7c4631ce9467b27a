(** No wake-up is lost: who sleeps has a reason to. *)
From Coq Require Import Lia Arith.
Require Import Promises RowFacts Invariant Safety Liveness.

Lemma course_is_execution c : course c -> exists moves, execution moves (system_of c).
Proof.
  induction 1 as [thr|c x c' _ [moves E] G]; [exists []; apply begins|].
  destruct G; simpl; [exists (m :: moves); eapply goes_on; eauto|eauto..].
Qed.

Lemma hears_wakes a : match hears a with Until _ | UntilNotified => False | _ => True end.
Proof. destruct a; simpl; easy. Qed.

Definition has_reason (c : scene) (t : thread) (e : N) : Prop :=
  let w := the_word (system_of c) in
  match attention_of c t with
  | Until time => (e = last w /\ d w = pending) /\ time = due (mk_policy (set_to c) None) w
  | UntilNotified => (e = last w /\ d w = pending) /\ r w = true
  | Awake | Looks _ _ _ => True
  end.

Record calm (c : scene) : Prop := {
  (** Who was notified of nothing has read the present threshold. *)
  fresh : forall t now thr, attention_of c t = Looks now thr false -> thr = set_to c;
  reasons : forall t e, guards (system_of c) t = Owns e -> has_reason c t e;
}.

(** What a decision of another thread leaves of a reason. *)
Lemma reason_stays s t0 p ev w' o t : (exists moves, execution moves s) ->
  may_ask ev (the_word s) (guards s t0) -> row p ev (the_word s) w' o ->
  notifies (Moved t0 p ev (the_word s) w' o) = false -> t <> t0 ->
  guards s t = Owns (last (the_word s)) -> d (the_word s) = pending ->
  last w' = last (the_word s) /\ d w' = pending /\ (r (the_word s) = true -> r w' = true).
Proof.
  intros [moves E] ASK R QUIET D G P.
  assert (ONE : guards s t0 <> Owns (last (the_word s))).
  { intros G0. destruct (deferral_has_owner _ _ E) as [[A _] _].
    destruct A as (u & _ & U); [left; exact P|]. apply D. rewrite (U t G), (U t0 G0). easy. }
  destruct (run_or_not o) as [->|NR].
  - exfalso. destruct ev; simpl in *; unfold owned in QUIET; try (rewrite P in QUIET; discriminate).
    apply ONE. rewrite ASK. f_equal. inversion R. congruence.
  - split; [apply (row_still _ _ _ _ _ R NR)|]. split.
    + destruct (row_owned _ _ _ _ _ R) as [[Q|Q]|[Q|Q]]; [left; exact P|easy| |easy|].
      * destruct (row_cancelled _ _ _ _ _ R Q) as [C|[-> ->]]; [congruence|discriminate QUIET].
      * exfalso. apply ONE. destruct ev; try easy; simpl in ASK; rewrite ASK; destruct o; easy || (simpl in Q;
        congruence).
    + intros RUNS. destruct (row_own_finish _ _ _ _ _ R NR) as [Q|(-> & -> & _)]; [congruence|discriminate
      QUIET].
Qed.

Lemma then_waits_looks m attends t now thr heard : then_waits m attends t = Looks now thr heard ->
  attends t = Looks now thr heard.
Proof.
  assert (U : forall v a, update attends v a t = Looks now thr heard -> a <> Looks now thr heard ->
    attends t = Looks now thr heard).
  { intros v a. unfold update. destruct (Nat.eqb t v); congruence. }
  destruct m; simpl; auto; [destruct e, o|]; simpl; auto; intros W; apply U in W; auto; try discriminate;
    unfold sleeps; destruct (attends t0) as [|? ? []| |]; discriminate.
Qed.

Lemma which o : o = Coalesced \/ o = Busy \/ o = Early \/ (o <> Coalesced /\ o <> Busy /\ o <> Early).
Proof. destruct o; auto; repeat right; repeat split; discriminate. Qed.

Lemma a_course_is_calm c : course c -> calm c.
Proof.
  induction 1 as [thr|c x c' C IH G]; [split; simpl; discriminate|].
  destruct IH as [FRESH REASONS]. pose proof (course_is_execution _ C) as EX. destruct G as [c m s' S BY|c t
    A|c t A|c to|c to].
  - set (heard := if notifies m then fun t => hears (attention_of c t) else attention_of c).
    assert (HEARD : forall t now thr, heard t = Looks now thr false -> attention_of c t = Looks now thr
      false).
    { intros t now thr. unfold heard. destruct (notifies m); [|easy]. destruct (attention_of c t);
      discriminate. }
    split; cbn [attention_of set_to system_of clock].
    { intros t now thr W. apply then_waits_looks, HEARD in W. eauto. }
    intros t e G. unfold has_reason in *. cbn [attention_of set_to system_of clock]. fold heard.
    assert (OTHERS : guards (system_of c) t = Owns e ->
      (notifies m = false -> match attention_of c t with Until _ | UntilNotified =>
         last (the_word s') = last (the_word (system_of c)) /\ d (the_word s') = pending /\
         (r (the_word (system_of c)) = true -> r (the_word s') = true) | _ => True end) ->
      match heard t with
      | Until time => (e = last (the_word s') /\ d (the_word s') = pending) /\
          time = due (mk_policy (set_to c) None) (the_word s')
      | UntilNotified => (e = last (the_word s') /\ d (the_word s') = pending) /\ r (the_word s') = true
      | _ => True
      end).
    { intros G0 K. unfold heard. destruct (notifies m).
      - pose proof (hears_wakes (attention_of c t)). destruct (hears (attention_of c t)); easy.
      - specialize (K eq_refl). specialize (REASONS t e G0).
        destruct (attention_of c t); auto; destruct REASONS as [[-> P] Q], K as (L & P' & RUN); auto.
        split; [auto|]. rewrite Q. unfold due. now rewrite L. }
    remember (system_of c) as s0 eqn:SYS. clear SYS.
    destruct S as [s t0 p ev w' o LOST ASK R|s t0 LOST GI P|s t0 u LOST GI|s t0|s]; cbn [the_word guards] in
      *.
    + destruct (Nat.eq_dec t t0) as [->|D].
      * rewrite update_same in G.
        assert (COAL : o = Coalesced -> match heard t0 with
          | Until time => (e = last w' /\ d w' = pending) /\ time = due (mk_policy (set_to c) None) w'
          | UntilNotified => (e = last w' /\ d w' = pending) /\ r w' = true
          | _ => True end).
        { intros ->. simpl in G. apply OTHERS; [easy|]. intros _.
          pose proof (row_still _ _ _ _ _ R ltac:(discriminate)) as L.
          destruct (row_coalesced _ _ _ _ _ R eq_refl) as [_ P].
          assert (r w' = r (the_word s)) by
            (destruct (row_own_finish _ _ _ _ _ R ltac:(discriminate)) as [Q|(_ & Q & _)]; easy).
          destruct (attention_of c t0); auto; repeat split; congruence. }
        assert (QUIET : o = Early \/ o = Busy -> heard = attention_of c).
        { unfold heard. intros [-> | ->]; destruct ev; reflexivity. }
        assert (AGAIN : o = Early \/ o = Busy -> exists epoch now, ev = fire epoch now).
        { intros Q. destruct (row_again _ _ _ _ _ _ R ASK Q) as [GI|X]; [|exact X].
          rewrite GI in G. destruct Q as [-> | ->]; discriminate G. }
        destruct (which o) as [->|[->|[->|(NC & NB & NE)]]].
        -- destruct ev; cbn [then_waits]; try (rewrite update_same; exact I); apply COAL; reflexivity.
        -- destruct (AGAIN (or_intror eq_refl)) as (epoch & now & ->). cbn [then_waits].
           rewrite update_same, (QUIET (or_intror eq_refl)). destruct (row_busy _ _ _ _ _ _ R eq_refl) as (->
             & P & -> & RUN).
           simpl in ASK, G. rewrite ASK in G. injection G as <-.
           destruct (attention_of c t0) as [|? ? []| |]; simpl; auto.
        -- destruct (AGAIN (or_introl eq_refl)) as (epoch & now & ->). cbn [then_waits].
           rewrite update_same, (QUIET (or_introl eq_refl)). destruct (row_early _ _ _ _ _ _ R eq_refl) as (->
             & P & -> & _).
           simpl in ASK, G. rewrite ASK in G. injection G as <-.
           specialize (BY _ _ _ _ _ _ _ eq_refl). specialize (FRESH t0).
           destruct (attention_of c t0) as [|read thr []| |]; simpl in *; auto.
           destruct BY as (_ & LEASE & T). rewrite (FRESH _ _ eq_refl) in T.
           split; [auto|]. unfold due. cbn [threshold]. now destruct T as [-> | ->].
        -- destruct o; try discriminate G; try easy; destruct ev; cbn [then_waits]; rewrite update_same;
             exact I.
      * rewrite update_other in G by easy.
        assert (W : then_waits (Moved t0 p ev (the_word s) w' o) heard t = heard t).
        { destruct ev, o; cbn [then_waits]; rewrite ?update_other; easy. }
        rewrite W. apply OTHERS; [easy|]. intros QUIET. specialize (REASONS t e G).
        destruct (attention_of c t); auto; destruct REASONS as [[-> P] _];
          apply (reason_stays s t0 p ev w' o t); auto.
    + apply OTHERS; [easy|]. intros _. specialize (REASONS t e G). destruct (attention_of c t); tauto.
    + cbn [then_waits]. destruct (Nat.eq_dec t u) as [->|D]; [rewrite update_same; exact I|].
      rewrite update_other by easy.
      destruct (Nat.eq_dec t t0) as [->|D']; [rewrite update_same in G; discriminate|].
      rewrite !update_other in G by easy. apply OTHERS; [easy|]. intros _. specialize (REASONS t e G).
        destruct (attention_of c t); tauto.
    + apply OTHERS; [easy|]. intros _. specialize (REASONS t e G). destruct (attention_of c t); tauto.
    + apply OTHERS; [easy|]. intros _. specialize (REASONS t e G). destruct (attention_of c t); tauto.
  - split; cbn [attention_of set_to system_of clock].
    + intros u now thr. destruct (Nat.eq_dec u t) as [->|D];
        [rewrite update_same; congruence|rewrite update_other by easy; eauto].
    + intros u e G. specialize (REASONS u e G). unfold has_reason in *. cbn [attention_of set_to system_of].
      destruct (Nat.eq_dec u t) as [->|D]; [now rewrite update_same|now rewrite update_other].
  - split; cbn [attention_of set_to system_of clock].
    + intros u now thr. destruct (Nat.eq_dec u t) as [->|D];
        [rewrite update_same; congruence|rewrite update_other by easy; eauto].
    + intros u e G. specialize (REASONS u e G). unfold has_reason in *. cbn [attention_of set_to system_of].
      destruct (Nat.eq_dec u t) as [->|D]; [now rewrite update_same|now rewrite update_other].
  - split; eauto.
  - split; cbn [attention_of set_to system_of clock].
    + intros u now thr. destruct (attention_of c u); discriminate.
    + intros u e G. unfold has_reason. cbn [attention_of]. pose proof (hears_wakes (attention_of c u)).
      destruct (hears (attention_of c u)); easy.
Qed.

Theorem who_sleeps_has_a_reason : sleeps_for_a_reason.
Proof. intros c C t e G. exact (reasons _ (a_course_is_calm _ C) t e G). Qed.
