-- CreateTable
CREATE TABLE "networks" (
    "id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "cidr" INET NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "networks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ports" (
    "id" UUID NOT NULL,
    "network_id" UUID NOT NULL,
    "department_id" UUID NOT NULL,
    "vm_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "mac" TEXT NOT NULL,
    "address" INET NOT NULL,
    "hostname" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host_networks" (
    "network_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "desired_revision" INTEGER NOT NULL DEFAULT 1,
    "applied_revision" INTEGER NOT NULL DEFAULT 0,
    "applied_at" TIMESTAMPTZ(3),
    "error_code" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_networks_pkey" PRIMARY KEY ("network_id","host_id")
);

-- CreateTable
CREATE TABLE "network_removals" (
    "network_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "error_code" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "network_removals_pkey" PRIMARY KEY ("network_id","host_id")
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
CREATE UNIQUE INDEX "networks_department_id_name_key" ON "networks"("department_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "ports_mac_key" ON "ports"("mac");

-- CreateIndex
CREATE INDEX "ports_network_id_host_id_idx" ON "ports"("network_id", "host_id");

-- CreateIndex
CREATE UNIQUE INDEX "ports_network_id_address_key" ON "ports"("network_id", "address");

-- CreateIndex
CREATE UNIQUE INDEX "ports_vm_id_network_id_key" ON "ports"("vm_id", "network_id");

-- CreateIndex
CREATE INDEX "host_networks_next_attempt_at_idx" ON "host_networks"("next_attempt_at");

-- CreateIndex
CREATE INDEX "network_removals_next_attempt_at_idx" ON "network_removals"("next_attempt_at");

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

-- AddForeignKey
ALTER TABLE "ports" ADD CONSTRAINT "ports_network_id_fkey" FOREIGN KEY ("network_id") REFERENCES "networks"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_networks" ADD CONSTRAINT "host_networks_network_id_fkey" FOREIGN KEY ("network_id") REFERENCES "networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- Prisma's schema language has no words for what follows.

-- Bridges of different networks share a host: no two ranges may overlap, whoever inserts them.
ALTER TABLE "networks" ADD CONSTRAINT "networks_cidr_no_overlap" EXCLUDE USING gist ("cidr" inet_ops WITH &&);

ALTER TABLE "networks" ADD CONSTRAINT "networks_cidr_is_network" CHECK (family("cidr") = 4 AND masklen("cidr") BETWEEN 8 AND 30 AND host("cidr") = host(network("cidr")));
