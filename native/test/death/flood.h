// More dispatch messages than a stopped client takes: what becomes of them is its connection's
// Overflow. Numbered messages, then one that says that it was the last.
#pragma once

#include "server/out_queue.h"
#include "test/death/findings.h"
#include "test/death/player.h"
#include "test/death/subject.h"

namespace coroipc::death {

// The client's part, in the subject: reads to the end, and notes in the page what it took. False: a
// message came twice, or out of order, or the connection ended as it should not.
[[nodiscard]] bool read_flood(Player& player, const Plan& plan, Page* page);

// The server's part, in the judge: floods a client that stops before its n-th step, for every
// `stride`-th of them, and lets it go on.
void judge_flood(server::Overflow overflow, const Cell& cell, uint32_t stride, Findings& findings);

}  // namespace coroipc::death
