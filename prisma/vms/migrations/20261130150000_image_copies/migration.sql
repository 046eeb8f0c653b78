-- A table and columns that may be null, or have a default that is no rewrite: what runs on the schema before knows nothing of
-- them.

-- AlterTable
ALTER TABLE "hosts" ADD COLUMN "image_copy_url" TEXT,
ADD COLUMN "takes_image_copies" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "image_copies" (
    "id" UUID NOT NULL,
    "image_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,
    "source_host_id" UUID,
    "operation_id" UUID,
    "received_bytes" BIGINT NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "failed_attempts" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),
    "failed_at" TIMESTAMPTZ(3),
    "error_code" TEXT,
    "error_message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "image_copies_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "image_copies_host_id_idx" ON "image_copies"("host_id");

-- CreateIndex
CREATE UNIQUE INDEX "image_copies_image_id_host_id_key" ON "image_copies"("image_id", "host_id");

-- AddForeignKey
ALTER TABLE "image_copies" ADD CONSTRAINT "image_copies_image_id_fkey" FOREIGN KEY ("image_id") REFERENCES "images"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "image_copies" ADD CONSTRAINT "image_copies_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
