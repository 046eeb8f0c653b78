-- AlterTable
ALTER TABLE "operations" ADD COLUMN     "parameters" JSONB NOT NULL DEFAULT '{}';
