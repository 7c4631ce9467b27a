(** A decision taken apart: a load, then a compare-and-swap, which fails if another thread has moved the word
    since. It may also fail for no reason. A decision that changes nothing writes nothing: it is the load
    alone. *)
Require Export Protocol.

(** What a thread is about to write, since it has loaded the word [seen]. *)
Record attempt := mk_attempt { by_policy : policy; for_event : event; seen : word; becomes : word; outcome_of
  : outcome }.

Record machine := mk_machine { memory : system; attempts : thread -> option attempt }.

Definition still : machine := mk_machine initial (fun _ => None).

Definition concerns (m : move) (t : thread) : Prop :=
  match m with
  | Moved u _ _ _ _ _ | Coalesces u _ => t = u
  | Hands u v => t = u \/ t = v
  | Loses _ | Passes => False
  end.

(** The second part says which move of the protocol this was. *)
Inductive machine_step : machine -> move -> machine -> Prop :=
(** A load after which there is nothing to write, or a move that is one step in the library, too. *)
| at_once : forall x m s', step (memory x) m s' -> the_word s' = the_word (memory x) ->
    (forall t, concerns m t -> lost (memory x) t = false -> attempts x t = None) ->
    machine_step x m (mk_machine s' (attempts x))
(** A load after which there is something to write. *)
| loads : forall x t p e w' o, attempts x t = None -> lost (memory x) t = false ->
    may_ask e (the_word (memory x)) (guards (memory x) t) -> row p e (the_word (memory x)) w' o ->
    machine_step x Passes (mk_machine (memory x)
      (update (attempts x) t (Some (mk_attempt p e (the_word (memory x)) w' o))))
(** The compare-and-swap finds the word that was loaded, and succeeds. *)
| swaps : forall x t a, attempts x t = Some a -> lost (memory x) t = false -> the_word (memory x) = seen a ->
    machine_step x (Moved t (by_policy a) (for_event a) (seen a) (becomes a) (outcome_of a))
      (mk_machine (mk_system (becomes a)
        (update (guards (memory x)) t (keeps (guards (memory x) t) (outcome_of a) (becomes a))) (lost (memory
          x)))
        (update (attempts x) t None))
(** It fails, and the thread loads again. *)
| fails : forall x t a, attempts x t = Some a ->
    machine_step x Passes (mk_machine (memory x) (update (attempts x) t None)).

Inductive machine_runs : list move -> machine -> Prop :=
| begins_still : machine_runs [] still
| runs_on : forall moves x m x', machine_runs moves x -> machine_step x m x' -> machine_runs (m :: moves) x'.
