import test from "ava";
import { TenantAccounts } from "./tenant-account.ts";
import { WaitingRows } from "./waiting-rows.ts";

test("a weight that has changed counts from the tenant's next row on", (t) => {
  let weight = 1;
  const accounts = new TenantAccounts(() => weight);
  const account = accounts.enter("a", 0);
  accounts.charge(account, 10, 1000);
  t.is(account.virtualMs, 10);
  weight = 5;
  accounts.charge(account, 10, 1000);
  t.is(account.virtualMs, 20);
  t.is(accounts.enter("a", 0), account);
  accounts.charge(account, 10, 1000);
  t.is(account.virtualMs, 22);
  weight = 0;
  t.throws(() => accounts.enter("a", 0), { instanceOf: RangeError, message: /seen 0 of a$/ });
});

test("so it does where registers are given out", (t) => {
  let weight = 1;
  const waiting = new WaitingRows<string>(
    10,
    (row) => ({ priority: "interactive", tenant: row[0] ?? "" }),
    (tenant) => (tenant === "a" ? weight : 1),
  );
  const begin = (): string => {
    const row = waiting.first ?? "";
    waiting.hold(row);
    return row;
  };
  for (const row of ["a1", "a2", "a3", "b1", "b2", "b3"]) waiting.add(row);
  t.deepEqual([begin(), begin(), begin()], ["a1", "b1", "a2"]);
  // Two of a, one of b: b is next, but where a may have four times as many.
  weight = 4;
  waiting.add("a4");
  t.deepEqual([begin(), begin()], ["a3", "a4"]);
});
