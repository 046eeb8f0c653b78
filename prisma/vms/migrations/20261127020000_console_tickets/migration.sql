-- CreateEnum
CREATE TYPE "ConsoleAccess" AS ENUM ('VIEW', 'CONTROL');

-- CreateTable
CREATE TABLE "console_tickets" (
    "id_hash" TEXT NOT NULL,
    "vm_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "actor_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "access" "ConsoleAccess" NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "redeemed_at" TIMESTAMPTZ(3),

    CONSTRAINT "console_tickets_pkey" PRIMARY KEY ("id_hash")
);

-- CreateIndex
CREATE INDEX "console_tickets_expires_at_idx" ON "console_tickets"("expires_at");
