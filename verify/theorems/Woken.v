(** G5 with those who wait: no wake-up is lost, so an owner fires in time. *)
From Coq Require Import Lia Arith.
Require Import Promises RowFacts Invariant Safety Liveness Sleep.

Lemma then_waits_otherwise moves s m s' t e attends : execution moves s -> step s m s' -> guards s t = Owns e
  ->
  then_waits m attends t = attends t \/
  exists p now before after o, m = Moved t p (fire e now) before after o.
Proof.
  intros E S G. destruct S as [s t0 p ev w' o LOST ASK R|s t0 LOST GI P|s t0 u LOST GI|s t0|s]; auto.
  - destruct (Nat.eq_dec t t0) as [->|D].
    + assert (NEW : o = Defer \/ o = Requested -> False).
      { intros Q. destruct (row_defers _ _ _ _ _ _ R ASK Q) as [NO [GI|GO]]; [congruence|].
        destruct (deferral_has_owner _ _ E) as [_ N]. exact (N NO t0 GO). }
      destruct ev; try (left; destruct o; simpl; auto; elim NEW; auto; fail).
      right. simpl in ASK. rewrite ASK in G. injection G as ->. eauto 6.
    + left. destruct ev, o; simpl; rewrite ?update_other; easy.
  - left. simpl. destruct (Nat.eq_dec t u) as [->|D]; [congruence|]. now rewrite update_other.
Qed.

(** What a sleeper and a reader turn into. *)
Lemma next_attention c x c' t e : course c -> goes c x c' -> guards (system_of c) t = Owns e ->
  match attention_of c t with
  | Until time => attention_of c' t = Until time \/ attention_of c' t = Awake
  | Looks read thr _ =>
      (exists p now before after o, x = Does (Moved t p (fire e now) before after o)) \/
      (exists heard, attention_of c' t = Looks read thr heard)
  | _ => True
  end.
Proof.
  intros C S G. destruct (course_is_execution _ C) as [moves E].
  destruct S as [c m s' S BY|c u A|c u A|c to|c to]; cbn [attention_of].
  - set (heard := if notifies m then fun t => hears (attention_of c t) else attention_of c).
    destruct (then_waits_otherwise _ _ _ _ t e heard E S G) as [W|(p & now & before & after & o & ->)].
    + rewrite W. unfold heard. destruct (notifies m); destruct (attention_of c t); simpl; eauto.
    + specialize (BY _ _ _ _ _ _ _ eq_refl). destruct (attention_of c t); simpl in BY; eauto 8; easy.
  - destruct (Nat.eq_dec t u) as [->|D]; [now rewrite A|].
    rewrite update_other by easy. destruct (attention_of c t); eauto.
  - destruct (Nat.eq_dec t u) as [->|D].
    + rewrite update_same. specialize (A). destruct (attention_of c u) eqn:Q; auto. elim (A read_clock
      read_threshold heard). easy.
    + rewrite update_other by easy. destruct (attention_of c t); eauto.
  - destruct (attention_of c t); eauto.
  - destruct (attention_of c t); simpl; eauto.
Qed.

Section Waking.
  Variable y : story.
  Hypothesis U : unfolds y.
  Hypothesis go_on : threads_go_on y.
  Hypothesis ring : timers_ring y.

  Let h := history_of y.
  Let c n := scene_at y n.
  Let w n := the_word (system_of (c n)).

  Lemma course_at n : course (c n).
  Proof. destruct U as [C S]. induction n as [|n IH]; [exact C|]. eapply goes_further; [exact IH|apply S].
    Qed.

  Lemma story_happens : happens h.
  Proof.
    split; [exact (course_is_execution _ (course_at 0))|].
    intros n. destruct U as [_ S]. specialize (S n). simpl.
    destruct S; simpl; [easy|apply pass..].
  Qed.

  Variable e : N.
  (** From the moment [M] on the window is over, and the deferral is not handed over. *)
  Variables (M : nat) (b : N).
  Hypothesis window : forall k, (M <= k)%nat ->
    due (mk_policy (set_to (c k)) None) (mk_word e none false) <= b /\ b <= clock (c k).
  Hypothesis no_hands : forall k t u, (M <= k)%nat -> happening_at y k = Does (Hands t u) ->
    guards (system_of (c k)) t <> Owns e.

  Let settled k j := exists i, (k <= i < k + j)%nat /\ settles (move_at h i).
  Let its_turn k t := guards (system_of (c k)) t = Owns e /\ last (w k) = e /\ r (w k) = false.

  Lemma turn_has_owner k t : its_turn k t -> has_owner (w k).
  Proof.
    intros (G & L & _). destruct (course_is_execution _ (course_at k)) as [moves E].
    destruct (deferral_has_owner _ _ E) as [_ N]. fold (w k) in N. rewrite L in N.
    unfold has_owner in *. destruct (d (w k)); auto; exfalso; refine (N _ t G); intuition congruence.
  Qed.

  Lemma turn_goes_on k t : (M <= k)%nat -> its_turn k t -> settles (move_at h k) \/ its_turn (S k) t.
  Proof.
    intros LE T. pose proof (turn_has_owner k t T) as OWNER. destruct T as (G & L & R0).
    destruct (course_is_execution _ (course_at k)) as [moves E].
    pose proof (no_hands k) as HANDS. destruct (story_happens) as [_ ST]. specialize (ST k).
    unfold its_turn, w, c in *. simpl in *.
    remember (move_of (happening_at y k)) as m eqn:MV.
    destruct ST as [s t0 p ev w' o LOST ASK R|s t0 LOST GI P|s t0 u LOST GI|s t0|s]; cbn [the_word guards] in
      *; auto.
    - destruct (run_or_not o) as [->|NR]; [left; simpl; destruct ev; easy|].
      assert (W : last w' = e /\ r w' = false).
      { rewrite (row_still _ _ _ _ _ R NR). split; [easy|].
        destruct (row_own_finish _ _ _ _ _ R NR) as [Q|(_ & _ & Q & _)]; congruence. }
      destruct (Nat.eq_dec t t0) as [->|D]; [|right; now rewrite update_other].
      rewrite update_same, G. rewrite G, <- L in ASK. rewrite <- L.
      destruct (row_stays _ _ _ _ _ R ASK OWNER) as [K|[K|K]]; [right; rewrite K, L; auto|easy|].
      left. simpl. destruct ev, o; easy.
    - right. destruct (Nat.eq_dec t u) as [->|D]; [congruence|].
      assert (D' : t <> t0).
      { intros ->. destruct (happening_at y k); simpl in MV; try discriminate. subst m. exact (HANDS t0 u LE
        eq_refl G). }
      rewrite !update_other by easy. auto.
  Qed.

  Lemma turn_lasts k t j : (M <= k)%nat -> its_turn k t -> settled k j \/ its_turn (k + j) t.
  Proof.
    intros LE T. induction j as [|j [(i & L & S)|IH]].
    - right. now rewrite Nat.add_0_r.
    - left. exists i. split; [lia|easy].
    - rewrite Nat.add_succ_r. destruct (turn_goes_on (k + j) t); auto; [lia|].
      left. exists (k + j)%nat. split; [lia|easy].
  Qed.

  (** What is to be shown: from [k] on the deferral settles, or its owner fires in time. *)
  Let fires k := exists k', (k <= k')%nat /\
    (settles (move_at h k') \/
     exists u p now w' o, move_at h k' = Moved u p (fire e now) (w k') w' o /\ open now p (w k')).

  Lemma later k k' : (k <= k')%nat -> fires k' -> fires k.
  Proof. intros LE (i & L & F). exists i. split; [lia|exact F]. Qed.

  Lemma settled_fires k j : settled k j -> fires k.
  Proof. intros (i & L & S). exists i. split; [lia|auto]. Qed.

  (** A reader goes on to read the same, until it decides. *)
  Lemma reader_lasts k t read thr heard j : (M <= k)%nat -> its_turn k t -> attention_of (c k) t = Looks read
    thr heard ->
    settled k j \/
    (exists i heard', (k <= i < k + j)%nat /\ its_turn i t /\ attention_of (c i) t = Looks read thr heard' /\
       exists p now before after o, happening_at y i = Does (Moved t p (fire e now) before after o)) \/
    (its_turn (k + j) t /\ exists heard', attention_of (c (k + j)) t = Looks read thr heard').
  Proof.
    intros LE T A. induction j as [|j [(i & L & S)|[(i & h' & L & X)|(TJ & h' & AJ)]]].
    - right; right. rewrite Nat.add_0_r. eauto.
    - left. exists i. split; [lia|easy].
    - right; left. exists i, h'. split; [lia|exact X].
    - rewrite Nat.add_succ_r. destruct (turn_goes_on (k + j) t) as [S|TS]; auto; [lia| |].
      + left. exists (k + j)%nat. split; [lia|easy].
      + destruct U as [_ ST]. pose proof (next_attention _ _ _ t e (course_at (k + j)) (ST (k + j)%nat) (proj1
        TJ)) as N.
        fold (c (k + j)) in N. rewrite AJ in N. destruct N as [F|N].
        * right; left. exists (k + j)%nat, h'. split; [lia|auto].
        * right; right. auto.
  Qed.

  (** So it does decide. *)
  Lemma reader_decides k t read thr heard : (M <= k)%nat -> its_turn k t -> attention_of (c k) t = Looks read
    thr heard ->
    fires k \/
    exists i heard', (k <= i)%nat /\ its_turn i t /\ attention_of (c i) t = Looks read thr heard' /\
      exists p now before after o, happening_at y i = Does (Moved t p (fire e now) before after o).
  Proof.
    intros LE T A. pose proof (go_on k t e (proj1 T)) as GO. fold (c k) in GO. rewrite A in GO.
    destruct GO as (k2 & LE2 & D).
    destruct (reader_lasts k t read thr heard (k2 - k) LE T A) as [S|[(i & h' & L & X)|(TJ & h' & AJ)]].
    - left. exact (settled_fires _ _ S).
    - right. exists i, h'. split; [lia|exact X].
    - replace (k + (k2 - k))%nat with k2 in * by lia. destruct D as [D|D]; [|elim D; apply TJ].
      right. exists k2, h'. auto.
  Qed.

  Lemma decision i t p now before after o : happening_at y i = Does (Moved t p (fire e now) before after o) ->
    decides_by (attention_of (c i) t) (set_to (c i)) now p /\ before = w i /\ row p (fire e now) (w i) after o
      /\
    attention_of (c (S i)) t =
      (if match o with Early | Busy => true | _ => false end
       then sleeps (attention_of (c i) t) (match o with Early => Until (due p before) | _ => UntilNotified
         end)
       else Awake).
  Proof.
    intros F. destruct U as [_ ST]. specialize (ST i). fold (c i) (c (S i)) in ST. rewrite F in ST.
    inversion ST as [c0 m s' S BY E0 E1 E2| | | |]. destruct (moved _ _ _ _ _ _ _ _ S) as (-> & _ & _ & R).
    split; [eauto|]. split; [easy|]. split; [exact R|].
    simpl. destruct o; simpl; rewrite update_same; reflexivity.
  Qed.

  (** It fires in time, if it has read the clock since [M]. *)
  Lemma fresh_reader_fires k t read thr heard : (M <= k)%nat -> its_turn k t ->
    attention_of (c k) t = Looks read thr heard ->
    b <= read -> due (mk_policy thr None) (mk_word e none false) <= b -> fires k.
  Proof.
    intros LE T A RB TB. destruct (reader_decides k t read thr heard LE T A) as [F|(i & h' & LI & TI & AI &
      F)]; [easy|].
    destruct F as (p & now & before & after & o & F). destruct (decision _ _ _ _ _ _ _ F) as (BY & -> & R &
      _).
    rewrite AI in BY. destruct BY as (-> & _ & Q). exists i. split; [easy|]. right.
    exists t, p, read, after, o. split; [simpl; now rewrite F|].
    destruct TI as (_ & L & _). destruct (window i) as [W _]; [lia|].
    unfold open, due in *. cbn [threshold last] in *. rewrite L. destruct Q as [-> | ->]; lia.
  Qed.

  Lemma awake_fires k t : (M <= k)%nat -> its_turn k t -> attention_of (c k) t = Awake -> fires k.
  Proof.
    intros LE T A. pose proof (go_on k t e (proj1 T)) as GO. fold (c k) in GO. rewrite A in GO.
    destruct GO as (k2 & LE2 & D).
    destruct (turn_lasts k t (k2 - k) LE T) as [S|TJ]; [exact (settled_fires _ _ S)|].
    replace (k + (k2 - k))%nat with k2 in * by lia. destruct D as [D|D]; [|elim D; apply TJ].
    destruct U as [_ ST]. specialize (ST k2). rewrite D in ST.
    assert (A2 : attention_of (c (S k2)) t = Looks (clock (c k2)) (set_to (c k2)) false).
    { unfold c. inversion ST. cbn [attention_of]. now rewrite update_same. }
    destruct (turn_goes_on k2 t) as [S|TS]; [lia|easy|exists k2; auto|].
    destruct (window k2) as [W1 W2]; [lia|].
    apply later with (S k2); [lia|]. eapply fresh_reader_fires; eauto. lia.
  Qed.

  Lemma sleeper_wakes k t time j : (M <= k)%nat -> its_turn k t -> attention_of (c k) t = Until time ->
    attention_of (c (k + j)) t <> Until time ->
    fires k.
  Proof.
    intros LE T A. revert k LE T A. induction j as [|j IH]; intros k LE T A N.
    - rewrite Nat.add_0_r in N. congruence.
    - destruct (turn_goes_on k t LE T) as [S|TS]; [exists k; auto|].
      destruct U as [_ ST]. pose proof (next_attention _ _ _ t e (course_at k) (ST k) (proj1 T)) as X.
      fold (c k) (c (S k)) in X. rewrite A in X. apply later with (S k); [lia|]. destruct X as [X|X].
      + apply IH; [lia|easy|easy|]. rewrite Nat.add_succ_comm. exact N.
      + apply awake_fires with t; [lia|easy|easy].
  Qed.

  Lemma sleeper_fires k t time : (M <= k)%nat -> its_turn k t -> attention_of (c k) t = Until time -> fires k.
  Proof.
    intros LE T A. pose proof (who_sleeps_has_a_reason _ (course_at k) t e (proj1 T)) as Q. cbv zeta in Q.
      rewrite A in Q.
    destruct Q as (_ & Q). destruct (ring k t time A) as (k2 & LE2 & N).
    - exists k. intros i LI. destruct (window k LE) as [W _]. destruct (window i) as [_ V]; [lia|]. fold (c
      i).
      rewrite Q. destruct T as (_ & L & _). unfold w, c in *. unfold due in *. rewrite L. cbn [threshold last]
        in *. lia.
    - apply sleeper_wakes with (t := t) (time := time) (j := (k2 - k)%nat); auto.
      replace (k + (k2 - k))%nat with k2 by lia. exact N.
  Qed.

  Lemma anyone_fires k t : (M <= k)%nat -> its_turn k t -> fires k.
  Proof.
    intros LE T. destruct (attention_of (c k) t) as [|read thr heard|time|] eqn:A.
    - exact (awake_fires k t LE T A).
    - destruct (reader_decides k t read thr heard LE T A) as [F|(i & h' & LI & TI & AI & F)]; [easy|].
      apply later with i; [easy|]. destruct F as (p & now & before & after & o & F).
      destruct (turn_goes_on i t) as [S|TS]; [lia|easy|exists i; auto|]. apply later with (S i); [lia|].
      destruct (decision _ _ _ _ _ _ _ F) as (_ & -> & R & A').
      assert (NB : o <> Busy).
      { intros ->. destruct (row_busy _ _ _ _ _ _ R eq_refl) as (_ & _ & _ & Q). destruct TI as (_ & _ & Q').
        congruence. }
      destruct o; try easy; try (apply awake_fires with t; auto; lia).
      rewrite AI in A'. destruct h'; simpl in A'; [apply awake_fires with t|eapply sleeper_fires]; eauto; lia.
    - exact (sleeper_fires k t time LE T A).
    - pose proof (who_sleeps_has_a_reason _ (course_at k) t e (proj1 T)) as Q. cbv zeta in Q. rewrite A in Q.
      destruct Q as (_ & Q), T as (_ & _ & R0). unfold w, c in *. congruence.
  Qed.
End Waking.

Theorem woken_in_time : G5_waking.
Proof.
  intros y n U RF GO RING w (m1 & b & W) (m2 & H) D.
  pose (e := last w). pose (M := Nat.max m1 m2).
  apply (fair_executions_settle (history_of y) n (story_happens y U) RF D).
  intros k t G L R0. fold w in G, L. fold e in G, L.
  pose (K := Nat.max k M).
  destruct (settled_or_not _ (story_happens y U) k (K - k)) as [(i & LI & S)|(P & L' & R')].
  - destruct (course_is_execution _ (course_at y U k)) as [moves E].
    destruct (deferral_has_owner _ _ E) as [_ N]. simpl in *.
    destruct (d (the_word (system_of (scene_at y k)))) eqn:Q; unfold has_owner; auto; exfalso;
      refine (N _ t _); unfold has_owner; intuition congruence.
  - exists i. split; [lia|auto].
  - replace (k + (K - k))%nat with K in * by lia.
    destruct (course_is_execution _ (course_at y U K)) as [moves E].
    destruct (deferral_has_owner _ _ E) as [[A _] _]. destruct (A P) as (u & GU & _).
    destruct (anyone_fires y U GO RING e M b) with (k := K) (t := u) as (i & LI & F).
    + intros i LI. apply W. lia.
    + intros i t' u' LI X. apply (H i t' u'); [lia|exact X].
    + lia.
    + cbn [at_time history_of] in *. rewrite GU, L', L. auto.
    + exists i. split; [lia|]. destruct F as [F|F]; auto.
Qed.
