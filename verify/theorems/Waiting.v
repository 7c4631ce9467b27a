(** How an owner waits for its turn: it sleeps, and a timer or a notification wakes it.

    It first registers and reads the clock and the threshold, then decides, then sleeps if it was notified of
    nothing since it registered. A thread that finishes a run, cancels, or starts a run in place of the owner
    notifies all, and so does a change of the threshold. To move the word and to notify is one step here. *)
Require Export Protocol.

Inductive attention :=
| Awake
(** It has registered, and read the clock and the threshold. [heard]: it was notified since. *)
| Looks (read_clock read_threshold : N) (heard : bool)
(** It sleeps: until the clock reads this, or it is notified. *)
| Until (time : N)
(** It sleeps until it is notified. *)
| UntilNotified.

Record scene := mk_scene {
  system_of : system;
  clock : N;
  (** The threshold as it is set at present. *)
  set_to : N;
  attention_of : thread -> attention;
}.

Definition opening (threshold : N) : scene := mk_scene initial 0 threshold (fun _ => Awake).

(** Each waiter hears a notification: one that sleeps wakes, and one that looks will not fall asleep. *)
Definition hears (a : attention) : attention :=
  match a with Looks now thr _ => Looks now thr true | _ => Awake end.

Definition owned (w : word) : bool := match d w with pending | cancelled => true | _ => false end.

(** The moves of the word after which the library notifies. *)
Definition notifies (m : move) : bool :=
  match m with
  | Moved _ _ (finish _) _ _ Finished => true
  | Moved _ _ cancel _ _ Yes => true
  | Moved _ _ (fire _ _) _ _ Run => false
  | Moved _ _ _ before _ Run => owned before
  | _ => false
  end.

(** How an owner goes on that was answered [Early] or [Busy]. *)
Definition sleeps (a : attention) (how : attention) : attention :=
  match a with Looks _ _ false => how | _ => Awake end.

Definition then_waits (m : move) (attends : thread -> attention) : thread -> attention :=
  match m with
  | Moved t p (fire _ _) before _ Early => update attends t (sleeps (attends t) (Until (due p before)))
  | Moved t _ (fire _ _) _ _ Busy => update attends t (sleeps (attends t) UntilNotified)
  | Moved t _ (fire _ _) _ _ _ | Moved t _ _ _ _ (Defer | Requested) | Hands _ t => update attends t Awake
  | _ => attends
  end.

(** An owner that looks decides by the clock as it has read it, and by the threshold as it has read it or by a
    newer one. One that sleeps does not decide. *)
Definition decides_by (a : attention) (set_to now : N) (p : policy) : Prop :=
  match a with
  | Awake => True
  | Looks read thr _ => now = read /\ lease p = None /\ (threshold p = thr \/ threshold p = set_to)
  | Until _ | UntilNotified => False
  end.

Inductive happening :=
| Does (m : move)
| Reads (t : thread)
| Wakes (t : thread)
| Ticks (to : N)
| Sets (to : N).

Inductive goes : scene -> happening -> scene -> Prop :=
| does : forall c m s', step (system_of c) m s' ->
    (forall t p epoch now before after o, m = Moved t p (fire epoch now) before after o ->
      decides_by (attention_of c t) (set_to c) now p) ->
    goes c (Does m) (mk_scene s' (clock c) (set_to c) (then_waits m
      (if notifies m then fun t => hears (attention_of c t) else attention_of c)))
(** It registers, and then reads. *)
| reads : forall c t, attention_of c t = Awake ->
    goes c (Reads t) (mk_scene (system_of c) (clock c) (set_to c)
      (update (attention_of c) t (Looks (clock c) (set_to c) false)))
(** A sleeper wakes: by its timer, or for no reason. *)
| wakes : forall c t, (forall now thr heard, attention_of c t <> Looks now thr heard) ->
    goes c (Wakes t) (mk_scene (system_of c) (clock c) (set_to c) (update (attention_of c) t Awake))
(** The clock moves, also back. *)
| ticks : forall c to,
    goes c (Ticks to) (mk_scene (system_of c) to (set_to c) (attention_of c))
(** The threshold changes, and all are notified. *)
| sets : forall c to,
    goes c (Sets to) (mk_scene (system_of c) (clock c) to (fun t => hears (attention_of c t))).

Inductive course : scene -> Prop :=
| opens : forall threshold, course (opening threshold)
| goes_further : forall c x c', course c -> goes c x c' -> course c'.

(** What happens without an end, with those who wait. *)
Record story := mk_story { scene_at : nat -> scene; happening_at : nat -> happening }.

Definition unfolds (y : story) : Prop :=
  course (scene_at y 0) /\ forall n, goes (scene_at y n) (happening_at y n) (scene_at y (S n)).

(** The same without those who wait. *)
Definition move_of (x : happening) : move := match x with Does m => m | _ => Passes end.
Definition history_of (y : story) : history :=
  mk_history (fun n => system_of (scene_at y n)) (fun n => move_of (happening_at y n)).
