// Opens and closes the gate for what the other nodes say: the observer's part of it.
#pragma once

#include "pg/postgres.hpp"

#include "core/gate_judge.hpp"

namespace baton {

// What follows from what the other nodes say when they are asked now, within
// pg_baton.peer_timeout.  Interruptible.  Any process.
core::GateJudgement JudgeGateAsking();

// The gate for baton.health; leaves what only SQL can tell.  Any process.
core::GateFacts GateFactsNow();

// Judges and acts; the observer calls it after each answer, and when nothing came.
void KeepGate();

}  // namespace baton
