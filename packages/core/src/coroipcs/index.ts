// The server library, function by function under the C names without their prefix.

export {
  handlerAccept,
  handlerDispatch,
  ipcExit,
  ipcInit,
  ipcServiceExit,
} from './lifecycle.js';
export {
  dispatchIovSend,
  dispatchSend,
  privateDataGet,
  privateDataSet,
  refcountDec,
  refcountInc,
  responseIovSend,
  responseSend,
} from './sending.js';
