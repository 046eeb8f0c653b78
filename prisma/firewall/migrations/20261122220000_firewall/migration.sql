-- CreateEnum
CREATE TYPE "rule_direction" AS ENUM ('IN', 'OUT');

-- CreateEnum
CREATE TYPE "rule_action" AS ENUM ('ACCEPT', 'DROP', 'REJECT');

-- CreateEnum
CREATE TYPE "rule_protocol" AS ENUM ('TCP', 'UDP', 'ICMP', 'ANY');

-- CreateEnum
CREATE TYPE "filter_status" AS ENUM ('PENDING', 'APPLIED', 'FAILED', 'UNSUPPORTED');

-- CreateTable
CREATE TABLE "rules" (
    "id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "vm_id" UUID,
    "direction" "rule_direction" NOT NULL,
    "action" "rule_action" NOT NULL,
    "protocol" "rule_protocol" NOT NULL,
    "port_from" INTEGER,
    "port_to" INTEGER,
    "remote_cidr" TEXT,
    "priority" INTEGER NOT NULL,
    "description" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "vm_filters" (
    "vm_id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "nics" JSONB NOT NULL,
    "filter_name" TEXT,
    "desired_revision" INTEGER NOT NULL DEFAULT 1,
    "applied_revision" INTEGER NOT NULL DEFAULT 0,
    "status" "filter_status" NOT NULL DEFAULT 'PENDING',
    "error_code" TEXT,
    "applied_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "verify_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vm_filters_pkey" PRIMARY KEY ("vm_id")
);

-- CreateTable
CREATE TABLE "vm_fences" (
    "vm_id" UUID NOT NULL,
    "fence" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vm_fences_pkey" PRIMARY KEY ("vm_id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "event_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inbox" (
    "consumer" TEXT NOT NULL,
    "event_id" UUID NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("consumer","event_id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "actor_id" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "input_hash" TEXT NOT NULL,
    "result" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("actor_id","operation","key")
);

-- CreateTable
CREATE TABLE "health_probe" (
    "id" INTEGER NOT NULL,
    "checked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "health_probe_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "rules_department_id_vm_id_idx" ON "rules"("department_id", "vm_id");

-- CreateIndex
CREATE INDEX "rules_vm_id_idx" ON "rules"("vm_id");

-- CreateIndex
CREATE INDEX "vm_filters_department_id_idx" ON "vm_filters"("department_id");

-- CreateIndex
CREATE INDEX "vm_filters_next_attempt_at_idx" ON "vm_filters"("next_attempt_at");

-- CreateIndex
CREATE INDEX "vm_filters_verify_at_idx" ON "vm_filters"("verify_at");

-- CreateIndex
CREATE INDEX "vm_fences_updated_at_idx" ON "vm_fences"("updated_at");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_event_id_key" ON "outbox"("event_id");

-- CreateIndex
CREATE INDEX "outbox_published_at_id_idx" ON "outbox"("published_at", "id");

-- CreateIndex
CREATE INDEX "inbox_received_at_idx" ON "inbox"("received_at");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");


-- Prisma's schema language has no words for what follows.

ALTER TABLE "rules" ADD CONSTRAINT "rules_ports_in_range" CHECK (
    ("port_from" IS NULL) = ("port_to" IS NULL)
    AND ("port_from" IS NULL OR (1 <= "port_from" AND "port_from" <= "port_to" AND "port_to" <= 65535 AND "protocol" IN ('TCP', 'UDP')))
);
