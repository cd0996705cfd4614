export { verifyCertificate } from '#lib/liquidation';
