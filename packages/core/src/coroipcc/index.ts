// The client library, function by function under the C names without their prefix. It needs no
// initialisation.

export { dispatchGet, dispatchPut, dispatchRecv } from './dispatching.js';
export {
  msgSendReplyReceive,
  msgSendReplyReceiveInBufGet,
  msgSendReplyReceiveInBufPut,
} from './requests.js';
export {
  dispatchFlowControlGet,
  // The man page's name.
  dispatchFlowControlGet as flowControlGet,
  fdGet,
  serviceConnect,
  serviceDisconnect,
} from './service.js';
export { zcbAlloc, zcbFree, zcbMsgSendReplyReceive } from './zero-copy.js';
