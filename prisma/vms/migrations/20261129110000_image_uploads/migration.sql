-- A table, a column that may be null and a state that nothing has yet: what runs on the schema before knows nothing of them.

-- AlterEnum
ALTER TYPE "ImageState" ADD VALUE 'UPLOADING';

-- AlterTable
ALTER TABLE "hosts" ADD COLUMN "upload_url" TEXT;

-- CreateTable
CREATE TABLE "image_uploads" (
    "image_id" UUID NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "received_bytes" BIGINT NOT NULL DEFAULT 0,
    "ticket_sha256" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "image_uploads_pkey" PRIMARY KEY ("image_id")
);

-- AddForeignKey
ALTER TABLE "image_uploads" ADD CONSTRAINT "image_uploads_image_id_fkey" FOREIGN KEY ("image_id") REFERENCES "images"("id") ON DELETE CASCADE ON UPDATE CASCADE;
