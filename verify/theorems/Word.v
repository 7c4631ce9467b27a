(** The word, a policy, and the terms of the transition table of [docs/word.md].

    Numbers are unbounded here. [Range.v] shows where arithmetic of 64 bits is the same. *)
From Coq Require Export NArith Bool.
Open Scope N_scope.

Inductive deferral := none | pending | cancelled | owed.

Record word := mk_word { last : N; d : deferral; r : bool }.

Record policy := mk_policy { threshold : N; lease : option N }.

(** The end of the window. There is none before the first run, nor at a threshold of 0. *)
Definition due (p : policy) (w : word) : N :=
  if (last w =? 0) || (threshold p =? 0) then 0 else last w + threshold p.

Definition open (now : N) (p : policy) (w : word) : Prop := due p w <= now.
Definition closed (now : N) (p : policy) (w : word) : Prop := now < due p w.

Definition lease_over (now : N) (p : policy) (w : word) : Prop :=
  match lease p with Some l => last w + l <= now | None => False end.
Definition lease_holds (now : N) (p : policy) (w : word) : Prop :=
  match lease p with Some l => now < last w + l | None => True end.

Definition start (now : N) (w : word) : word := mk_word (N.max now (last w + 1)) none true.
Definition set_d (x : deferral) (w : word) : word := mk_word (last w) x (r w).
Definition set_r (x : bool) (w : word) : word := mk_word (last w) (d w) x.

Definition new : word := mk_word 0 none false.
