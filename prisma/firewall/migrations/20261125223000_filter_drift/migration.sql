-- AlterEnum
ALTER TYPE "filter_status" ADD VALUE 'DRIFTED';

-- AlterTable
ALTER TABLE "vm_filters" ADD COLUMN     "difference_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "differences" JSONB NOT NULL DEFAULT '[]';
