(** Threads around the word: any number of them, in any order, one row of the table for each step.

    A thread that holds two guards counts as two, and so does a queue or a task that holds one. Readings of
    the clock, thresholds and leases are arbitrary at each step: the clock may go back, and a decision may be
    by an old reading or an old threshold. A step is one compare-and-swap that succeeded. [Retries.v] takes it
    apart. *)
From Coq Require Export List.
Export ListNotations.
Require Export Word Rows.

Definition thread := nat.

(** A guard of the gate: a deferral, or a run, and its epoch. *)
Inductive guard := Idle | Owns (epoch : N) | Runs (epoch : N).

Record system := mk_system {
  the_word : word;
  guards : thread -> guard;
  (** The guard of this thread is lost: it was leaked, or the thread has died or stalls for ever. *)
  lost : thread -> bool;
}.

Definition initial : system := mk_system new (fun _ => Idle) (fun _ => false).

(** What a thread must hold to ask for an event. A call needs no guard, so a thread that has none makes it.
    Under a lease the owner arrives as well, to see whether it is its turn. *)
Definition may_ask (e : event) (w : word) (g : guard) : Prop :=
  match e with
  | fire epoch _ | abandon epoch => g = Owns epoch
  | finish epoch => g = Runs epoch
  | arrive_under _ => g = Idle \/ g = Owns (last w)
  | _ => g = Idle
  end.

(** What it holds after the outcome [o], with [g] before it, and the word [w] after it. *)
Definition keeps (g : guard) (o : outcome) (w : word) : guard :=
  match o with
  | Run => Runs (last w)
  | Defer | Requested => Owns (last w)
  | Busy | Early | Coalesced => g
  | _ => Idle
  end.

Definition update {A} (f : thread -> A) (t : thread) (a : A) : thread -> A :=
  fun u => if Nat.eqb u t then a else f u.

Inductive move :=
| Moved (t : thread) (p : policy) (e : event) (before after : word) (o : outcome)
| Coalesces (t : thread) (seen : word)
| Hands (t u : thread)
| Loses (t : thread)
| Passes.

Inductive step : system -> move -> system -> Prop :=
(** A row of the table. *)
| one_row : forall s t p e w' o,
    lost s t = false -> may_ask e (the_word s) (guards s t) -> row p e (the_word s) w' o ->
    step s (Moved t p e (the_word s) w' o)
      (mk_system w' (update (guards s) t (keeps (guards s t) o w')) (lost s))
(** [coalesce], the fast path: one load. *)
| one_load : forall s t,
    lost s t = false -> guards s t = Idle -> d (the_word s) = pending ->
    step s (Coalesces t (the_word s)) s
(** [detach], and [claim] or [resume] by another thread. Also [finish_lost], and a [claim] for a lost owner: a
    thread takes the lost guard, and then uses it. *)
| hand_over : forall s t u,
    lost s u = false -> guards s u = Idle ->
    step s (Hands t u)
      (mk_system (the_word s) (update (update (guards s) u (guards s t)) t Idle) (lost s))
| lose : forall s t,
    step s (Loses t) (mk_system (the_word s) (guards s) (update (lost s) t true))
(** Time passes, or a thread does something that does not concern the word. *)
| pass : forall s, step s Passes s.

(** What has happened, the latest move first, and what came of it. *)
Inductive execution : list move -> system -> Prop :=
| begins : execution [] initial
| goes_on : forall moves s m s', execution moves s -> step s m s' -> execution (m :: moves) s'.

(** What happens without an end. *)
Record history := mk_history { at_time : nat -> system; move_at : nat -> move }.

Definition happens (h : history) : Prop :=
  (exists moves, execution moves (at_time h 0)) /\ forall n, step (at_time h n) (move_at h n) (at_time h (S
    n)).
