-- AlterTable
ALTER TABLE "host_networks" ADD COLUMN     "differences" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "reason" TEXT,
ADD COLUMN     "status" TEXT NOT NULL DEFAULT 'PENDING',
ADD COLUMN     "status_changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateTable
CREATE TABLE "host_reports" (
    "host_id" UUID NOT NULL,
    "epoch" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "ranges_hash" TEXT NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_reports_pkey" PRIMARY KEY ("host_id")
);

-- CreateTable
CREATE TABLE "host_ranges" (
    "host_id" UUID NOT NULL,
    "cidr" INET NOT NULL,
    "origin" TEXT NOT NULL,

    CONSTRAINT "host_ranges_pkey" PRIMARY KEY ("host_id","cidr","origin")
);
