-- AlterTable
ALTER TABLE "vm_filters" ADD COLUMN     "boots_proven" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "boots_told" INTEGER NOT NULL DEFAULT 0;

