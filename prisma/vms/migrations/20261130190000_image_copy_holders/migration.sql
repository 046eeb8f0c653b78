-- A table: what runs on the schema before knows nothing of it.

-- CreateTable
CREATE TABLE "image_copy_holders" (
    "image_id" UUID NOT NULL,
    "host_id" UUID NOT NULL,

    CONSTRAINT "image_copy_holders_pkey" PRIMARY KEY ("image_id","host_id")
);

-- CreateIndex
CREATE INDEX "image_copy_holders_host_id_idx" ON "image_copy_holders"("host_id");

-- AddForeignKey
ALTER TABLE "image_copy_holders" ADD CONSTRAINT "image_copy_holders_image_id_fkey" FOREIGN KEY ("image_id") REFERENCES "images"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "image_copy_holders" ADD CONSTRAINT "image_copy_holders_host_id_fkey" FOREIGN KEY ("host_id") REFERENCES "hosts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Copies that were made, or begun, before.
INSERT INTO "image_copy_holders" ("image_id", "host_id")
  SELECT "image_id", "host_id" FROM "image_copies"
  UNION
  SELECT o."image_id", o."host_id" FROM "host_images" AS o JOIN "images" AS i ON i."id" = o."image_id"
  WHERE i."imported_by_id" IS NOT NULL AND i."host_id" IS DISTINCT FROM o."host_id";
